import Glibc

/// Why NVIDIA's management library cannot be used.
public enum NVMLProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is no such library: a machine without its driver.
  case absent(String)
  /// It is there and does not work.
  case broken(String)

  /// What is wrong.
  public var description: String {
    switch self {
    case .absent(let why), .broken(let why): why
    }
  }
}

/// The functions of NVIDIA's management library (NVML), which is opened by name while running.
///
/// They are looked up by the names that nvml.h gives to their present versions; one that a release lacks is nil.
/// All may be called from any thread. Device handles are passed as the words that they are.
struct NVML: Sendable {
  typealias Device = UInt
  typealias Call = @convention(c) @Sendable () -> Int32
  typealias Words = @convention(c) @Sendable (Int32) -> UnsafePointer<CChar>?
  typealias ReadWord = @convention(c) @Sendable (Device, UnsafeMutablePointer<UInt32>) -> Int32
  typealias ReadChosenWord = @convention(c) @Sendable (Device, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
  typealias ReadText = @convention(c) @Sendable (Device, UnsafeMutablePointer<CChar>, UInt32) -> Int32
  typealias ReadStruct = @convention(c) @Sendable (Device, UnsafeMutableRawPointer) -> Int32
  typealias ReadErrors =
    @convention(c) @Sendable (Device, UInt32, UInt32, UnsafeMutablePointer<UInt64>) -> Int32
  typealias ReadProcesses =
    @convention(c) @Sendable (Device, UnsafeMutablePointer<UInt32>, UnsafeMutableRawPointer?) -> Int32
  typealias Count = @convention(c) @Sendable (UnsafeMutablePointer<UInt32>) -> Int32
  typealias Find = @convention(c) @Sendable (UInt32, UnsafeMutablePointer<Device>) -> Int32
  typealias DriverVersion = @convention(c) @Sendable (UnsafeMutablePointer<CChar>, UInt32) -> Int32
  typealias MakeSample = @convention(c) @Sendable (UnsafeMutablePointer<UInt>) -> Int32
  typealias TakeSample = @convention(c) @Sendable (Device, UInt) -> Int32
  typealias Compare = @convention(c) @Sendable (UnsafeMutableRawPointer) -> Int32

  static let success: Int32 = 0
  static let tooSmall: Int32 = 7

  private let start: Call
  private let count: Count
  let find: Find
  private let words: Words?
  private let driverVersion: DriverVersion?
  let uuid: ReadText?
  let name: ReadText?
  let utilization: ReadStruct?
  let memory: ReadStruct?
  let power: ReadWord?
  let powerLimit: ReadWord?
  let clock: ReadChosenWord?
  let maxClock: ReadChosenWord?
  let temperature: ReadChosenWord?
  let clockReasons: ReadStruct?
  let eccErrors: ReadErrors?
  let processes: ReadProcesses?
  let sampleSupport: ReadStruct?
  let makeSample: MakeSample?
  let takeSample: TakeSample?
  let compareSamples: Compare?

  /// Opens the library, and no more.
  init(path: String) throws(NVMLProblem) {
    guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw .absent(dlerror().map { String(cString: $0) } ?? "\(path) cannot be opened")
    }
    func symbol<Function>(_ names: String..., as type: Function.Type) -> Function? {
      for name in names {
        if let address = dlsym(library, name) { return unsafeBitCast(address, to: type) }
      }
      return nil
    }
    guard let start = symbol("nvmlInit_v2", as: Call.self),
      let count = symbol("nvmlDeviceGetCount_v2", as: Count.self),
      let find = symbol("nvmlDeviceGetHandleByIndex_v2", as: Find.self)
    else { throw .broken("\(path) is no management library of NVIDIA's, or one of before 2013") }
    (self.start, self.count, self.find) = (start, count, find)
    words = symbol("nvmlErrorString", as: Words.self)
    driverVersion = symbol("nvmlSystemGetDriverVersion", as: DriverVersion.self)
    uuid = symbol("nvmlDeviceGetUUID", as: ReadText.self)
    name = symbol("nvmlDeviceGetName", as: ReadText.self)
    utilization = symbol("nvmlDeviceGetUtilizationRates", as: ReadStruct.self)
    memory = symbol("nvmlDeviceGetMemoryInfo_v2", as: ReadStruct.self)
    power = symbol("nvmlDeviceGetPowerUsage", as: ReadWord.self)
    powerLimit = symbol("nvmlDeviceGetEnforcedPowerLimit", as: ReadWord.self)
    clock = symbol("nvmlDeviceGetClockInfo", as: ReadChosenWord.self)
    maxClock = symbol("nvmlDeviceGetMaxClockInfo", as: ReadChosenWord.self)
    temperature = symbol("nvmlDeviceGetTemperature", as: ReadChosenWord.self)
    clockReasons = symbol(
      "nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons",
      as: ReadStruct.self)
    eccErrors = symbol("nvmlDeviceGetTotalEccErrors", as: ReadErrors.self)
    processes = symbol(
      "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2",
      as: ReadProcesses.self)
    sampleSupport = symbol("nvmlGpmQueryDeviceSupport", as: ReadStruct.self)
    makeSample = symbol("nvmlGpmSampleAlloc", as: MakeSample.self)
    takeSample = symbol("nvmlGpmSampleGet", as: TakeSample.self)
    compareSamples = symbol("nvmlGpmMetricsGet", as: Compare.self)
  }

  /// Starts it, which takes seconds where nothing else keeps the driver awake, and counts the devices.
  func begin() throws(NVMLProblem) -> Int {
    try check(start())
    var number: UInt32 = 0
    try check(count(&number))
    return Int(number)
  }

  /// The driver's version; nil when it does not say.
  var driver: String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer in
      guard let base = buffer.baseAddress, driverVersion?(base, UInt32(buffer.count)) == Self.success else {
        return nil
      }
      return String(cString: base)
    }
  }

  private func check(_ result: Int32) throws(NVMLProblem) {
    guard result != Self.success else { return }
    throw .broken("NVML: " + (words?(result).map { String(cString: $0) } ?? "error \(result)"))
  }
}

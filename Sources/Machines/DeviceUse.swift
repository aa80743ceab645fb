public import ControlAPI
import Platform

/// Who has the memory of this machine's devices.
public struct DeviceUse: Sendable {
  /// Why a device cannot be had, and what to do.
  public struct Obstacle: Sendable, Equatable {
    /// What is wrong.
    public let problem: String
    /// What to do.
    public let cure: String
  }

  private let devices: [DeviceStatus]
  private let programName: @Sendable (Int32) -> String?

  /// Looks at these devices.
  public init(_ devices: [DeviceStatus]) {
    self.init(devices) { ProcessRecord.title(ofProcess: $0) }
  }

  /// Looks at these devices; `programName` says what a process runs.
  init(_ devices: [DeviceStatus], programName: @escaping @Sendable (Int32) -> String?) {
    self.devices = devices
    self.programName = programName
  }

  /// What keeps a process that takes a `share` of the memory of each device in `wanted` from starting.
  ///
  /// - Parameters:
  ///   - wanted: as in `CUDA_VISIBLE_DEVICES`.
  ///   - isOurs: whether a process will be gone by then.
  /// - Returns: nil when nothing does, or where there are no devices to look at.
  public func obstacle(to wanted: [String], share: Double, isOurs: (Int32) -> Bool) -> Obstacle? {
    guard !devices.isEmpty else { return nil }
    for name in wanted {
      guard let device = devices.first(where: { $0.isCalled(name) }) else {
        // Parts of devices have names of their own.
        if Int(name) == nil { continue }
        let have = devices.map { "\($0.index)" }.joined(separator: ", ")
        return Obstacle(
          problem: "there is no device \(name): this machine has \(have)",
          cure: "lower data_parallel_size, or name others in CUDA_VISIBLE_DEVICES")
      }
      if let obstacle = obstacle(to: device, share: share, isOurs: isOurs) { return obstacle }
    }
    return nil
  }

  private func obstacle(to device: DeviceStatus, share: Double, isOurs: (Int32) -> Bool) -> Obstacle? {
    guard let total = device.memoryTotalBytes.value, let processes = device.processes.value else {
      return nil
    }
    let others = processes.filter { $0.memoryBytes.value != nil && !isOurs($0.pid) }
    let free = total - others.compactMap(\.memoryBytes.value).reduce(0, +)
    let need = Int(Double(total) * share)
    guard free < need else { return nil }
    return Obstacle(
      problem: """
        device \(device.index) is held by \(others.map(words).joined(separator: ", ")): a rank needs \(need >> 20) MiB \
        of it, \(max(0, free) >> 20) are left
        """,
      cure: "end that, name other devices in CUDA_VISIBLE_DEVICES, or lower gpu_memory_utilization")
  }

  private func words(_ process: DeviceProcess) -> String {
    let program = programName(process.pid).map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    let memory = "\((process.memoryBytes.value ?? 0) >> 20) MiB"
    return "process \(process.pid) (\(program.map { $0 + ", " } ?? "")\(memory))"
  }
}

extension DeviceStatus {
  /// Whether a word of `CUDA_VISIBLE_DEVICES` means it: its number, or the beginning of its UUID.
  public func isCalled(_ name: String) -> Bool {
    Int(name).map { $0 == index } ?? (!name.isEmpty && uuid.value?.hasPrefix(name) == true)
  }
}

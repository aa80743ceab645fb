import CNVML
import ControlAPI
import Glibc
import Platform

/// One device as NVML tells of it, read on a thread of its own: a driver that does not answer holds up nobody else.
actor NVMLDevice {
  private let index: Int
  private let nvml: NVML
  private let thread: WorkerThread
  private var handle: NVML.Device?
  /// What does not change, read once.
  private var identity: DeviceStatus
  private var samples: Samples?

  /// The last two samples of the device's counters, between which shares are taken.
  private struct Samples {
    var earlier: UInt
    var later: UInt
    var isLaterTaken = false
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(_ nvml: NVML, index: Int, thread: WorkerThread) {
    self.nvml = nvml
    self.index = index
    self.thread = thread
    identity = DeviceStatus(index: index, source: .nvml)
  }

  /// All that the device tells now; what it does not is unknown.
  func read() -> DeviceStatus {
    guard let handle = handle ?? open() else { return identity }
    var status = identity
    status.observedAgeSeconds = .known(0)
    var rates = cnvml_utilization()
    if nvml.utilization?(handle, &rates) == NVML.success {
      status.utilizationRatio = .share(Double(rates.gpu) / 100)
    }
    var memory = cnvml_memory()
    memory.version = UInt32(MemoryLayout<cnvml_memory>.size) | 2 << 24
    if nvml.memory?(handle, &memory) == NVML.success {
      status.memoryUsedBytes = .known(Int(clamping: memory.used))
      status.memoryTotalBytes = .known(Int(clamping: memory.total))
    }
    status.powerWatts = Known(word(nvml.power, handle).map { Double($0) / 1000 })
    status.powerLimitWatts = Known(word(nvml.powerLimit, handle).map { Double($0) / 1000 })
    status.smClockHertz = hertz(nvml.clock, handle, Clock.sm)
    status.memoryClockHertz = hertz(nvml.clock, handle, Clock.memory)
    status.temperatureCelsius = Known(word(nvml.temperature, handle, 0).map { Double($0) })
    var mask: UInt64 = 0
    if nvml.clockReasons?(handle, &mask) == NVML.success {
      status.throttleReasons = .known(ThrottleReason.reasons(ofMask: mask))
    }
    status.eccCorrected = errors(handle, kind: 0)
    status.eccUncorrected = errors(handle, kind: 1)
    status.processes = Known(processes(handle))
    readShares(&status, handle)
    return status
  }

  private enum Clock {
    static let sm: UInt32 = 1
    static let memory: UInt32 = 2
  }

  private func open() -> NVML.Device? {
    var handle: NVML.Device = 0
    guard nvml.find(UInt32(index), &handle) == NVML.success else { return nil }
    self.handle = handle
    identity.uuid = text(nvml.uuid, handle)
    identity.model = text(nvml.name, handle)
    identity.smClockMaxHertz = hertz(nvml.maxClock, handle, Clock.sm)
    identity.memoryClockMaxHertz = hertz(nvml.maxClock, handle, Clock.memory)
    samples = makeSamples(handle)
    return handle
  }

  private func text(_ read: NVML.ReadText?, _ handle: NVML.Device) -> Known<String> {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 96) { buffer in
      guard let base = buffer.baseAddress, read?(handle, base, UInt32(buffer.count)) == NVML.success else {
        return .unknown
      }
      return .known(String(cString: base))
    }
  }

  private func word(_ read: NVML.ReadWord?, _ handle: NVML.Device) -> UInt32? {
    var value: UInt32 = 0
    return read?(handle, &value) == NVML.success ? value : nil
  }

  private func word(_ read: NVML.ReadChosenWord?, _ handle: NVML.Device, _ choice: UInt32) -> UInt32? {
    var value: UInt32 = 0
    return read?(handle, choice, &value) == NVML.success ? value : nil
  }

  private func hertz(_ read: NVML.ReadChosenWord?, _ handle: NVML.Device, _ clock: UInt32) -> Known<Int> {
    Known(word(read, handle, clock).map { Int($0) * 1_000_000 })
  }

  /// Errors since the driver was loaded.
  private func errors(_ handle: NVML.Device, kind: UInt32) -> Known<Int> {
    var count: UInt64 = 0
    return nvml.eccErrors?(handle, kind, 0, &count) == NVML.success ? .known(Int(clamping: count)) : .unknown
  }

  /// The processes that compute; nil where the driver does not tell.
  private func processes(_ handle: NVML.Device) -> [DeviceProcess]? {
    guard let read = nvml.processes else { return nil }
    var count: UInt32 = 0
    var result = read(handle, &count, nil)
    // Some may come between a look and the next.
    for _ in 0..<4 where result == NVML.tooSmall {
      count += 8
      let found: [cnvml_process] = withUnsafeTemporaryAllocation(of: cnvml_process.self, capacity: Int(count))
      { buffer in
        result = read(handle, &count, buffer.baseAddress)
        return result == NVML.success ? Array(buffer.prefix(Int(count))) : []
      }
      if result == NVML.success { return found.map(DeviceProcess.init) }
    }
    return result == NVML.success ? [] : nil
  }
}

// Shares of the multiprocessors' time, which devices since Hopper count.
extension NVMLDevice {
  private func makeSamples(_ handle: NVML.Device) -> Samples? {
    var support = cnvml_gpm_support(version: 1, is_supported: 0)
    var samples = Samples(earlier: 0, later: 0)
    guard nvml.sampleSupport?(handle, &support) == NVML.success, support.is_supported != 0,
      nvml.makeSample?(&samples.earlier) == NVML.success, nvml.makeSample?(&samples.later) == NVML.success
    else { return nil }
    return samples
  }

  private func readShares(_ status: inout DeviceStatus, _ handle: NVML.Device) {
    guard var samples, let compare = nvml.compareSamples else { return }
    swap(&samples.earlier, &samples.later)
    let hasEarlier = samples.isLaterTaken
    samples.isLaterTaken = nvml.takeSample?(handle, samples.later) == NVML.success
    self.samples = samples
    guard hasEarlier, samples.isLaterTaken else { return }
    let wanted: [(UInt32, WritableKeyPath<DeviceStatus, Known<Double>>)] = [
      (2, \.smActiveRatio), (5, \.tensorActiveRatio), (10, \.dramActiveRatio),
    ]
    withUnsafeTemporaryAllocation(of: cnvml_gpm_request.self, capacity: 1) { buffer in
      guard let request = buffer.baseAddress else { return }
      memset(request, 0, MemoryLayout<cnvml_gpm_request>.size)
      request.pointee.version = 1
      request.pointee.count = UInt32(wanted.count)
      request.pointee.earlier = samples.earlier
      request.pointee.later = samples.later
      withUnsafeMutableBytes(of: &request.pointee.metrics) { bytes in
        let metrics = bytes.bindMemory(to: cnvml_gpm_metric.self)
        for (place, metric) in wanted.enumerated() { metrics[place].id = metric.0 }
      }
      guard compare(request) == NVML.success else { return }
      withUnsafeBytes(of: &request.pointee.metrics) { bytes in
        let metrics = bytes.bindMemory(to: cnvml_gpm_metric.self)
        for (place, metric) in wanted.enumerated() where metrics[place].result == NVML.success {
          status[keyPath: metric.1] = .share(metrics[place].value / 100)
        }
      }
    }
  }
}

extension DeviceProcess {
  fileprivate init(_ process: cnvml_process) {
    let isTold = process.used_memory != .max
    self.init(
      pid: Int32(truncatingIfNeeded: process.pid),
      memoryBytes: isTold ? .known(Int(clamping: process.used_memory)) : .unknown)
  }
}

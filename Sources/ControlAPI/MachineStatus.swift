/// A machine: what it has, how much of that is taken, and its accelerators.
public struct MachineStatus: Codable, Sendable, Hashable {
  /// Its host name.
  public var name: String
  /// Processors that the system sees.
  public var cores: Known<Int>
  /// Share of all processors' time in which they worked, from 0 to 1.
  public var cpuRatio: Known<Double>
  /// Share of all processors' time that the hypervisor gave to others, from 0 to 1.
  public var stealRatio: Known<Double>
  /// Processes that ran or waited to, as a mean over the last minute.
  public var load1m: Known<Double>
  /// Memory that could not be had without swapping.
  public var memoryUsedBytes: Known<Int>
  /// All memory.
  public var memoryTotalBytes: Known<Int>
  /// What lies in `/dev/shm`.
  public var shmUsedBytes: Known<Int>
  /// The room of `/dev/shm`.
  public var shmTotalBytes: Known<Int>
  /// Its accelerators, by index.
  public var devices: [DeviceStatus]
  /// The release of their driver; absent where none tells.
  public var driverVersion: String?
  /// Why its accelerators cannot be read; absent where they can, or where there is no driver.
  public var deviceProblem: String?

  enum CodingKeys: String, CodingKey {
    case name, cores
    case cpuRatio = "cpu_ratio"
    case stealRatio = "steal_ratio"
    case load1m = "load_1m"
    case memoryUsedBytes = "memory_used_bytes"
    case memoryTotalBytes = "memory_total_bytes"
    case shmUsedBytes = "shm_used_bytes"
    case shmTotalBytes = "shm_total_bytes"
    case devices, driverVersion, deviceProblem
  }

  /// A machine of which nothing is known but its accelerators.
  public init(name: String, devices: [DeviceStatus] = []) {
    self.name = name
    self.devices = devices
    (cores, cpuRatio, stealRatio, load1m) = (.unknown, .unknown, .unknown, .unknown)
    (memoryUsedBytes, memoryTotalBytes) = (.unknown, .unknown)
    (shmUsedBytes, shmTotalBytes) = (.unknown, .unknown)
  }
}

/// One accelerator, as its driver or an exporter tells.
public struct DeviceStatus: Codable, Sendable, Hashable {
  /// Who tells.
  public enum Source: String, Codable, Sendable {
    /// NVIDIA's management library.
    case nvml
    /// An exporter of NVIDIA's data centre GPU manager.
    case dcgm
  }

  /// Its number on its machine, from 0.
  public var index: Int
  /// Who tells.
  public var source: Source
  /// Its name for ever, such as `GPU-8a56…`.
  public var uuid: Known<String>
  /// The product, such as `NVIDIA H100 80GB HBM3`.
  public var model: Known<String>
  /// Whether it was read too long ago; then all of it that changes is unknown.
  public var stale = false
  /// The age of what is known; unknown before the first reading.
  public var observedAgeSeconds: Known<Double> = .unknown
  /// Share of the time in which some kernel ran, from 0 to 1; a kernel that only waits counts, too.
  public var utilizationRatio: Known<Double> = .unknown
  /// Share of its multiprocessors that had work, over time, from 0 to 1.
  public var smActiveRatio: Known<Double> = .unknown
  /// Share of the time in which tensor cores worked, from 0 to 1.
  public var tensorActiveRatio: Known<Double> = .unknown
  /// Share of the memory's bandwidth in use, from 0 to 1.
  public var dramActiveRatio: Known<Double> = .unknown
  /// Memory that processes have.
  public var memoryUsedBytes: Known<Int> = .unknown
  /// All memory.
  public var memoryTotalBytes: Known<Int> = .unknown
  /// Power that it draws.
  public var powerWatts: Known<Double> = .unknown
  /// Power that it may draw.
  public var powerLimitWatts: Known<Double> = .unknown
  /// Clock of its multiprocessors.
  public var smClockHertz: Known<Int> = .unknown
  /// The fastest that they can have.
  public var smClockMaxHertz: Known<Int> = .unknown
  /// Clock of its memory.
  public var memoryClockHertz: Known<Int> = .unknown
  /// The fastest that it can have.
  public var memoryClockMaxHertz: Known<Int> = .unknown
  /// Temperature of the chip.
  public var temperatureCelsius: Known<Double> = .unknown
  /// What keeps its clocks below the fastest; empty where nothing does.
  public var throttleReasons: Known<[ThrottleReason]> = .unknown
  /// Memory errors since the driver was loaded that could not be put right.
  public var eccUncorrected: Known<Int> = .unknown
  /// Memory errors since the driver was loaded that were put right.
  public var eccCorrected: Known<Int> = .unknown
  /// The number of its last error in the driver's log (XID), 0 for none; absent where the source does not tell.
  public var lastXID: Known<Int>?
  /// The processes that have memory of it; unknown where the source does not tell.
  public var processes: Known<[DeviceProcess]> = .unknown

  enum CodingKeys: String, CodingKey {
    case index, source, uuid, model, stale, observedAgeSeconds
    case utilizationRatio = "utilization_ratio"
    case smActiveRatio = "sm_active_ratio"
    case tensorActiveRatio = "tensor_active_ratio"
    case dramActiveRatio = "dram_active_ratio"
    case memoryUsedBytes = "memory_used_bytes"
    case memoryTotalBytes = "memory_total_bytes"
    case powerWatts = "power_watts"
    case powerLimitWatts = "power_limit_watts"
    case smClockHertz = "sm_clock_hertz"
    case smClockMaxHertz = "sm_clock_max_hertz"
    case memoryClockHertz = "memory_clock_hertz"
    case memoryClockMaxHertz = "memory_clock_max_hertz"
    case temperatureCelsius = "temperature_celsius"
    case throttleReasons = "throttle_reasons"
    case eccUncorrected = "ecc_uncorrected"
    case eccCorrected = "ecc_corrected"
    case lastXID = "last_xid"
    case processes
  }

  /// A device of which nothing has been read yet.
  public init(index: Int, source: Source, uuid: Known<String> = .unknown, model: Known<String> = .unknown) {
    self.index = index
    self.source = source
    self.uuid = uuid
    self.model = model
  }
}

/// A process that has memory of a device.
public struct DeviceProcess: Codable, Sendable, Hashable {
  /// The process id.
  public var pid: Int32
  /// What it has; unknown where the driver does not tell.
  public var memoryBytes: Known<Int>
  /// The application whose rank it belongs to; absent for a stranger.
  public var application: String?
  /// That rank, by its replica's id; absent for a stranger.
  public var replica: String?

  enum CodingKeys: String, CodingKey {
    case pid
    case memoryBytes = "memory_bytes"
    case application, replica
  }

  /// A process that has so much memory.
  public init(pid: Int32, memoryBytes: Known<Int>) {
    self.pid = pid
    self.memoryBytes = memoryBytes
  }
}

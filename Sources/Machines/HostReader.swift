public import ControlAPI
import Glibc
import Platform

/// What the system tells of this machine: processors, memory, shared memory, load.
public struct HostReader: Sendable {
  /// Where the system tells it; another folder in tests.
  private let folder: String
  private let sharedMemory: String
  private var before: ProcessorTimes?

  /// Reads `/proc` and `/dev/shm`, or copies of them.
  public init(proc folder: String = "/proc", sharedMemory: String = "/dev/shm") {
    self.folder = folder
    self.sharedMemory = sharedMemory
    before = ProcessorTimes(stat: Self.text("\(folder)/stat"))
  }

  /// The machine now, without its devices; shares of processors are those since the last reading.
  public mutating func read() -> MachineStatus {
    var status = MachineStatus(name: Self.hostName)
    status.cores = .known(Processor.count)
    let now = ProcessorTimes(stat: Self.text("\(folder)/stat"))
    if let now, let before, now.total > before.total {
      let total = Double(now.total - before.total)
      status.cpuRatio = .known(Double(now.busy &- before.busy) / total)
      status.stealRatio = .known(Double(now.steal &- before.steal) / total)
    }
    before = now ?? before
    let load = Self.text("\(folder)/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
    status.load1m = Known(load)
    if let text = Self.text("\(folder)/meminfo") { Self.readMemory(text, &status) }
    Self.readSharedMemory(sharedMemory, &status)
    return status
  }

  private static func readMemory(_ text: String, _ status: inout MachineStatus) {
    func bytes(_ name: String) -> Int? {
      let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
      return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    guard let total = bytes("MemTotal") else { return }
    status.memoryTotalBytes = .known(total)
    status.memoryUsedBytes = Known(bytes("MemAvailable").map { total - $0 })
  }

  private static func readSharedMemory(_ path: String, _ status: inout MachineStatus) {
    var room = statvfs()
    guard statvfs(path, &room) == 0, room.f_blocks > 0 else { return }
    let unit = Int(room.f_frsize)
    status.shmTotalBytes = .known(Int(room.f_blocks) * unit)
    status.shmUsedBytes = .known(Int(room.f_blocks - room.f_bfree) * unit)
  }

  private static func text(_ path: String) -> String? { try? FileContent.text(of: path) }

  private static var hostName: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress, gethostname(base, buffer.count) == 0 else { return "localhost" }
      return String(cString: base)
    }
  }
}

/// The first line of `/proc/stat`, in clock ticks of all processors together.
private struct ProcessorTimes: Sendable {
  let total: UInt64
  let busy: UInt64
  let steal: UInt64

  /// user nice system idle iowait irq softirq steal; what guests had is in user and nice already.
  init?(stat: String?) {
    guard let line = stat?.prefix(while: { $0 != "\n" }), line.hasPrefix("cpu ") else { return nil }
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
    guard ticks.count == 8 else { return nil }
    total = ticks.reduce(0, &+)
    steal = ticks[7]
    busy = total &- ticks[3] &- ticks[4] &- steal
  }
}

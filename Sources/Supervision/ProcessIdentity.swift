import Platform

/// Names one process for ever: a pid is used again, but not with the same start time in the same boot.
public struct ProcessIdentity: Hashable, Sendable {
  /// The kernel's name for this uptime.
  public let bootID: String
  /// The process id.
  public let pid: Int32
  /// When it started, in clock ticks after boot.
  public let startTicks: UInt64

  /// Names a process, as a record of it does.
  public init(bootID: String, pid: Int32, startTicks: UInt64) {
    self.bootID = bootID
    self.pid = pid
    self.startTicks = startTicks
  }

  /// Names the process that has `pid` now; nil when there is none.
  public init?(pid: Int32) {
    guard let record = ProcessRecord(pid: pid), let boot = ProcessRecord.bootID else { return nil }
    self.init(bootID: boot, pid: pid, startTicks: record.startTicks)
  }

  /// Whether the process is there still and has not ended.
  public var isAlive: Bool {
    guard let record = ProcessRecord(pid: pid), !record.isZombie else { return false }
    return record.startTicks == startTicks && ProcessRecord.bootID == bootID
  }
}

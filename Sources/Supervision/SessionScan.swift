import Platform

/// Finds the processes of a session by its founder.
enum SessionScan {
  /// The living processes of the session that `leader` founded, `leader` itself aside.
  static func members(of leader: ProcessIdentity) -> [Int32] {
    ProcessRecord.allPids().filter { $0 != leader.pid && isMember($0, of: leader) }
  }

  /// Whether `pid` lives in the session that `leader` founded.
  static func isMember(_ pid: Int32, of leader: ProcessIdentity) -> Bool {
    guard let record = ProcessRecord(pid: pid), !record.isZombie, record.session == leader.pid,
      record.startTicks >= leader.startTicks
    else { return false }
    // The kernel gives the number to nobody else while the session has members; a process that has it and is not the
    // founder says that the founder's session is over.
    return ProcessRecord(pid: leader.pid).map { $0.startTicks == leader.startTicks } ?? true
  }

  /// All processes of the session that `leader` founded.
  static func all(of leader: ProcessIdentity) -> [Int32] {
    members(of: leader) + (leader.isAlive ? [leader.pid] : [])
  }
}

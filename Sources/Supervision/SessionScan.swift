import Platform

/// Finds the processes of a session by its founder.
enum SessionScan {
  /// The living processes of the session that `leader` founded, `leader` itself aside.
  static func members(of leader: ProcessIdentity) -> [Int32] { members(of: [leader]).map(\.pid) }

  /// The living processes of the sessions that `leaders` founded, those aside, each with its founder: one look at all
  /// processes, however many the founders are.
  static func members(of leaders: [ProcessIdentity]) -> [(pid: Int32, leader: ProcessIdentity)] {
    guard !leaders.isEmpty else { return [] }
    let founders = Dictionary(grouping: leaders, by: \.pid)
    return ProcessRecord.allPids().compactMap { pid in
      guard let record = ProcessRecord(pid: pid), record.session != pid,
        let leader = founders[record.session]?.first(where: { isMember(record, of: $0) })
      else { return nil }
      return (pid, leader)
    }
  }

  /// Whether `pid` lives in the session that `leader` founded.
  static func isMember(_ pid: Int32, of leader: ProcessIdentity) -> Bool {
    ProcessRecord(pid: pid).map { isMember($0, of: leader) } ?? false
  }

  private static func isMember(_ record: ProcessRecord, of leader: ProcessIdentity) -> Bool {
    guard !record.isZombie, record.session == leader.pid, record.startTicks >= leader.startTicks else {
      return false
    }
    // The kernel gives the number to nobody else while the session has members; a process that has it and is not the
    // founder says that the founder's session is over.
    return ProcessRecord(pid: leader.pid).map { $0.startTicks == leader.startTicks } ?? true
  }

  /// All processes of the session that `leader` founded.
  static func all(of leader: ProcessIdentity) -> [Int32] {
    members(of: leader) + (leader.isAlive ? [leader.pid] : [])
  }
}

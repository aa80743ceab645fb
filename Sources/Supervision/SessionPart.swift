public import Platform

/// A process of a session other than its founder, held by pidfd, so that its end is seen at once.
@Loop
public final class SessionPart {
  /// What it calls itself.
  public let title: String

  private let process: ForeignProcess

  private init?(_ pid: Int32, _ leader: ProcessIdentity, _ titles: [String]) {
    // Held first and looked at then: what is found stays true.
    guard let held = try? ForeignProcess(pid: pid), SessionScan.isMember(pid, of: leader),
      let title = ProcessRecord.title(ofProcess: pid), titles.contains(where: { title.hasPrefix($0) })
    else { return nil }
    self.title = title
    process = held
  }

  /// Those of the session that `leader` founded whose titles begin with one of `titles`.
  public static func all(of leader: ProcessIdentity, titled titles: [String]) -> [SessionPart] {
    SessionScan.members(of: leader).compactMap { SessionPart($0, leader, titles) }
  }

  /// Waits for its end.
  public func end() async { _ = await process.hasEnded(by: .never) }
}

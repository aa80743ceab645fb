import Glibc
public import Platform

/// Ends processes together with all that descend from them.
@Loop
public enum ProcessTree {
  /// Killed processes get this long to vanish; one in an uninterruptible call may take it all.
  private static let killTimeout = Duration.seconds(5)

  /// Ends `processes`, all at the same time: asks them, if there is a `grace`, and kills what is left after it.
  ///
  /// Descendants are ended through their control group where there is one, and found by their token and session,
  /// however often they forked.
  /// - Returns: whether nothing is left.
  public static func end(_ processes: [SupervisedProcess], grace: Duration?) async -> Bool {
    if let grace, grace > .zero {
      for process in processes { process.sendToGroup(SIGTERM) }
      let deadline = Instant.after(grace)
      for process in processes { _ = await process.exit(until: deadline) }
    }
    for process in processes {
      process.killGroup()
      process.sendToGroup(SIGKILL)
    }
    let deadline = Instant.after(killTimeout)
    var isDone = true
    for process in processes where await process.exit(until: deadline) == nil { isDone = false }
    return await sweep(processes, until: deadline) && isDone
  }

  /// Kills whatever is left of `processes`: all of their control groups, all that carry their tokens, and all of the
  /// sessions that they founded, as some programs write over the environment in which the token stands.
  ///
  /// - Returns: whether nothing was left before `deadline`.
  public static func sweep(_ processes: [SupervisedProcess], until deadline: Instant) async -> Bool {
    for process in processes { process.killGroup() }
    var isClean = await killAll(carrying: Set(processes.map(\.token)), until: deadline)
    if await !killSessions(of: processes.map(\.identity), until: deadline) { isClean = false }
    for process in processes where await !process.removeGroup(until: deadline) { isClean = false }
    return isClean
  }

  private static func killSessions(of leaders: [ProcessIdentity], until deadline: Instant) async -> Bool {
    while true {
      let found = SessionScan.members(of: leaders)
      if found.isEmpty { return true }
      guard Instant.now < deadline else { return false }
      var held: [ForeignProcess] = []
      for (pid, leader) in found {
        // Held first and looked at again then: the id cannot pass to a stranger any more.
        guard let handle = try? ForeignProcess(pid: pid), SessionScan.isMember(pid, of: leader) else {
          continue
        }
        handle.send(SIGKILL)
        held.append(handle)
      }
      for handle in held { _ = await handle.hasEnded(by: deadline) }
    }
  }

  /// Kills every process that carries one of `tokens`.
  ///
  /// - Returns: whether none was left before `deadline`.
  public static func killAll(carrying tokens: Set<ProcessToken>, until deadline: Instant) async -> Bool {
    guard !tokens.isEmpty else { return true }
    return await killAll(until: deadline) { tokens.contains($0) }
  }

  /// Kills every process whose token `isOurs` accepts, until a scan finds none: a process that forks while it is
  /// being killed is found by the next one.
  public static func killAll(until deadline: Instant, _ isOurs: (ProcessToken) -> Bool) async -> Bool {
    while true {
      let found = TokenScan.processes().filter { isOurs($0.token) }
      if found.isEmpty { return true }
      guard Instant.now < deadline else { return false }
      var held: [ForeignProcess] = []
      for process in found {
        // Held first and looked at again then: the id cannot pass to a stranger any more.
        guard let handle = try? ForeignProcess(pid: process.pid),
          TokenScan.token(of: process.pid) == process.token
        else { continue }
        handle.send(SIGKILL)
        held.append(handle)
      }
      for handle in held { _ = await handle.hasEnded(by: deadline) }
    }
  }
}

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
  /// A look at all processes of the machine takes as long for one of ours as for all of them, so those that are asked
  /// for while one is under way share the next.
  /// - Returns: whether nothing was left before `deadline`.
  public static func sweep(_ processes: [SupervisedProcess], until deadline: Instant) async -> Bool {
    let request = SweepRequest(processes, deadline)
    requests.append(request)
    if !isSweeping { await sweepForAll() }
    _ = await request.isOver.wait(until: .never)
    return request.isClean
  }

  /// What is to be swept, and what came of it.
  private final class SweepRequest {
    let processes: [SupervisedProcess]
    let deadline: Instant
    let isOver = Signal()
    var isClean = true

    init(_ processes: [SupervisedProcess], _ deadline: Instant) {
      self.processes = processes
      self.deadline = deadline
    }
  }

  private static var requests: [SweepRequest] = []
  private static var isSweeping = false

  private static func sweepForAll() async {
    isSweeping = true
    while !requests.isEmpty {
      let batch = requests
      requests = []
      let left = await left(of: batch.flatMap(\.processes), until: batch.map(\.deadline).max() ?? .now)
      for request in batch {
        request.isClean = !request.processes.contains { left.contains($0.token) }
        request.isOver.fire()
      }
    }
    isSweeping = false
  }

  /// Sweeps `processes`, and tells the tokens of those of which something is left at `deadline`.
  private static func left(of processes: [SupervisedProcess], until deadline: Instant) async -> Set<
    ProcessToken
  > {
    for process in processes { process.killGroup() }
    let tokens = Set(processes.map(\.token))
    var left = await remains(until: deadline) { tokens.contains($0) }
    let founders = Dictionary(processes.map { ($0.identity, $0.token) }) { first, _ in first }
    for leader in await sessions(of: Array(founders.keys), until: deadline) {
      if let token = founders[leader] { left.insert(token) }
    }
    for process in processes where await !process.removeGroup(until: deadline) { left.insert(process.token) }
    return left
  }

  /// Kills all members of the sessions that `leaders` founded, and tells those of which some are left at `deadline`.
  private static func sessions(of leaders: [ProcessIdentity], until deadline: Instant) async
    -> [ProcessIdentity]
  {
    while true {
      let found = SessionScan.members(of: leaders)
      guard !found.isEmpty, Instant.now < deadline else { return found.map(\.leader) }
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

  /// Kills every process whose token `isOurs` accepts, until a scan finds none: a process that forks while it is
  /// being killed is found by the next one.
  ///
  /// - Returns: whether none was left before `deadline`.
  public static func killAll(until deadline: Instant, _ isOurs: (ProcessToken) -> Bool) async -> Bool {
    await remains(until: deadline, isOurs).isEmpty
  }

  private static func remains(
    until deadline: Instant, _ isOurs: (ProcessToken) -> Bool
  ) async -> Set<ProcessToken> {
    while true {
      let found = TokenScan.processes().filter { isOurs($0.token) }
      guard !found.isEmpty, Instant.now < deadline else { return Set(found.map(\.token)) }
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

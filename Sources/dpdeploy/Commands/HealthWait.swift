import CommandLine
import ControlAPI
import ControlClient
import Glibc
import Platform

/// Waits until an application is HEALTHY, and shows how far it has come meanwhile.
@Loop
final class HealthWait {
  private let client: ControlClient
  private let application: String
  private let revision: Int?
  private let streams: StandardStreams
  private let isPart: Bool
  private var line: ProgressLine
  private let start = Instant.now
  private var hasSeen = false
  private static let period = Duration.milliseconds(50)

  /// Waits for `application`, in `revision` or, when nil, in whichever holds.
  ///
  /// - Parameter isPart: of something longer, which minds Ctrl-C and says itself how it went.
  init(
    _ client: ControlClient, _ application: String, revision: Int?, _ streams: StandardStreams,
    isPart: Bool = false
  ) {
    self.client = client
    self.application = application
    self.revision = revision
    self.streams = streams
    self.isPart = isPart
    line = ProgressLine(isTerminal: streams.isErrorTerminal, width: streams.width)
  }

  /// - Returns: ok when it is HEALTHY, failed when it cannot become so, timedOut when `deadline` comes first.
  func run(
    until deadline: Instant, unless isGivenUp: @Loop () -> Bool = { false }
  ) async throws(ControlError) -> ExitCode {
    if !isPart { watchInterrupt() }
    defer { streams.error(line.clear()) }
    while true {
      if isGivenUp() { return .interrupted }
      let status = try await client.status()
      guard let now = status.applications.first(where: { $0.name == application }) else {
        throw ControlError(
          code: "not-found",
          message: hasSeen
            ? "\(application) was deleted meanwhile" : "no application is called \(application)",
          exitCode: hasSeen ? 9 : 1)
      }
      hasSeen = true
      if let revision, now.revision > revision, now.rolledBack?.from != revision { return supersede(now) }
      if let code = verdict(now) { return code }
      if !isPart || streams.isErrorTerminal { streams.error(line.update(progress(now))) }
      guard Instant.now < deadline else { return timeOut(now) }
      await Loop.sleep(for: Self.period)
    }
  }

  private func supersede(_ now: ApplicationStatus) -> ExitCode {
    streams.error(line.clear())
    streams.complain("revision \(now.revision) of \(application) was applied meanwhile")
    return .conflict
  }

  private func verdict(_ now: ApplicationStatus) -> ExitCode? {
    if let revision, now.revision < revision { return nil }
    if now.status == .running, now.deployments.allSatisfy({ $0.status == .healthy }) {
      streams.error(line.clear())
      if !isPart { tell(now) }
      guard let back = now.rolledBack, revision == nil || back.from == revision else { return .ok }
      streams.complain(
        "revision \(back.from) failed and was rolled back to revision \(back.to): \(back.reason)")
      return .rolledBack
    }
    // A failure that is about to be taken back is not the end.
    guard now.status == .deployFailed, now.rollingBackTo == nil else { return nil }
    streams.error(line.clear())
    streams.complain("\(application) is DEPLOY_FAILED: " + reason(now))
    return .failed
  }

  private func tell(_ now: ApplicationStatus) {
    let seconds = Quantity.fixed((Instant.now - start).inSeconds, 1)
    streams.line(
      "\(application) is HEALTHY after \(seconds) s at \(now.endpoint.value ?? "an unknown endpoint")")
  }

  private func timeOut(_ now: ApplicationStatus) -> ExitCode {
    streams.error(line.clear())
    streams.complain(
      "\(application) is still \(now.status.rawValue): \(reason(now))\n"
        + "  it goes on in the background; `dpdeploy status \(application) --watch` shows how far it is")
    return .timedOut
  }

  private func reason(_ now: ApplicationStatus) -> String {
    let deployment = now.deployments.first { $0.status != .healthy && !$0.message.isEmpty }
    return deployment?.message ?? (now.message.isEmpty ? "no reason was given" : now.message)
  }

  private func progress(_ now: ApplicationStatus) -> String {
    let replicas = now.deployments.flatMap(\.replicas)
    let ready = replicas.count { $0.state == .running }
    let target = now.deployments.filter { $0.ranks == nil }.reduce(0) { $0 + $1.targetReplicas }
    var text =
      "\(ProgressLine.bar(target > 0 ? Double(ready) / Double(target) : 0, cells: 20)) \(ready)/\(target) ready"
    if let waiting = replicas.first(where: { $0.state != .running }), let phase = waiting.phase.value {
      text += ", \(waiting.id) \(phase.rawValue)"
      // A percentage would be a new line each on a log, so it is for terminals only.
      if streams.isErrorTerminal, let share = waiting.phaseProgress { text += " \(Quantity.percent(share))" }
    }
    return text
  }

  /// Ctrl-C ends the wait only; the deployment goes on, and the message says how to look again.
  private func watchInterrupt() {
    guard let signals = try? Signals([SIGINT]) else { return }
    Signals.block([SIGINT])
    let name = application
    let streams = streams
    Loop.task {
      guard await signals.next() != nil else { return }
      streams.remark("\nstopped waiting; \(name) goes on. `dpdeploy status \(name) --watch` shows it again.")
      exit(ExitCode.interrupted.rawValue)
    }
  }
}

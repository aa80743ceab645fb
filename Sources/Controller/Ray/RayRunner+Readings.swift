import ControlAPI
import Deployment
import Diagnosis
import History
import Manifest
import Platform
import Ray
import RayClient
import Telemetry

// What the cluster's pages of metrics tell, and what follows from it.
extension RayRunner {
  /// Reads the pages again and again; what cannot be read stays unknown.
  func followMetrics() async {
    let reader = RayMetricsReader()
    while !isClosing {
      if sighting?.application != nil { await readMetrics(reader) }
      // The first reading comes with the first look.
      await Loop.sleep(for: sighting == nil ? .milliseconds(100) : .seconds(RayMeter.pace))
    }
  }

  private func readMetrics(_ reader: RayMetricsReader) async {
    let deadline = Instant.after(.seconds(RayMeter.pace))
    do throws(RayError) {
      let (pages, problem) = try await reader.pages(of: cluster, until: deadline)
      let now = MonotonicClock.seconds
      let wall = WallClock.secondsSinceEpoch
      let replicas = (sighting?.application?.deployments ?? []).flatMap(\.replicas).map(\.id)
      meter.take(pages, of: Set(replicas), at: now, wallClock: wall)
      remember(at: now, wall: wall)
      note(blindness: problem)
    } catch { note(blindness: error.description) }
  }

  /// Tells once that a page cannot be read, for its numbers are missing then.
  private func note(blindness reason: String?) {
    defer { blindness = reason }
    // A cluster that does not answer was told of already.
    guard let reason, blindness == nil, problem == nil else { return }
    record(EventRecord(.warning, .statusChanged, "some metrics are unknown: \(reason)"))
  }

  /// Keeps what a reading brought for those who ask for the past.
  private func remember(at now: Double, wall: Double) {
    guard let whole = meter.sample(at: now), !stored.isDeleting else { return }
    var samples: [HistoryBlock.Series: HistorySample] = [.application: whole]
    _ = report.deployments { status, serveReplica in
      guard let group = status.group, let rank = status.rank else { return }
      samples[.rank(group: group, rank: rank)] = meter.sample(
        of: serveReplica, rank: request.manifest.engine == .bundled ? rank : nil, at: now)
    }
    if let minute = recorder.record(samples, wall: wall) { surroundings.store.add(minute, of: stored.name) }
  }

  func points(after cursor: Int) -> [HistoryPoint] {
    past.lazy.filter { $0.sequence > cursor }.map(\.point)
  }

  func sample(sequence: Int, wall: Double) {
    let now = MonotonicClock.seconds
    past.append((sequence, meter.point(at: now, wallClock: wall)))
    guard problem == nil, sighting != nil else { return hints = blindHints(wall) }
    hints = diagnosis.examine(
      Observation(
        time: now, timestamp: Timestamp.text(wall), application: status,
        settings: ServingSettings(request.manifest, cores: nil)))
  }

  /// Of a cluster that does not answer nothing is known, so there is one thing to say.
  private func blindHints(_ wall: Double) -> [Hint] {
    guard let problem else { return [] }
    return hints.first { $0.title == Self.blindTitle }.map { [$0] } ?? [
      Hint(
        id: "H15", severity: .warning, title: Self.blindTitle,
        evidence: [Evidence(problem.description, on: .replicas)],
        advice: "see whether its head node is up and can be reached; the application may serve on",
        since: Timestamp.text(wall))
    ]
  }

  private static let blindTitle = "the cluster does not answer, so nothing is known of the application"

  func metrics(over window: Double) -> ApplicationMetrics {
    meter.metrics(over: window, at: MonotonicClock.seconds)
  }

  func insight(over window: Double, wall: Double) -> Insight {
    meter.insight(over: window, at: MonotonicClock.seconds, wallClock: wall)
  }
}

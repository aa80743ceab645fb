import ControlAPI
import Deployment
import Manifest
import Platform
import Ray

// What is known of the application, in the status's words.
extension RayRunner {
  /// Tells each change of the state or of its reason once.
  func tell() {
    let (state, message) = (report.state, report.message)
    // Numbers that only count on make no new message.
    let words = state.rawValue + " " + message.filter { !$0.isNumber }
    guard words != lastWords else { return }
    lastWords = words
    let isBad = [.unhealthy, .deployFailed].contains(state)
    record(
      EventRecord(
        isBad ? .error : .info, sighting?.violation == nil ? .statusChanged : .placementViolated,
        "\(stored.name) is \(state.rawValue)" + (message.isEmpty ? "" : ": \(message)")))
  }

  var report: RayReport {
    RayReport(
      sighting: sighting, rollout: rollout, problem: problem?.description,
      age: seenAt.map { (Instant.now - $0).inSeconds }, serverName: application.serverName,
      placement: application.placement)
  }

  var status: ApplicationStatus {
    let report = report
    let now = MonotonicClock.seconds
    var deployments = report.deployments { status, serveReplica in
      meter.describe(
        &status, serveReplica, isBlock: request.manifest.engine == .bundled, at: now)
    }
    for place in deployments.indices where deployments[place].name == application.serverName {
      meter.describeGPUs(
        &deployments[place].replicas, devicesPerRank: request.manifest.devicesPerRank, at: now)
    }
    var result = ApplicationStatus(
      name: stored.name, status: stored.isDeleting ? .deleting : report.state, message: report.message,
      revision: stored.revision, endpoint: Known(base), modelId: request.manifest.model.id,
      manifestPath: stored.path, createdAt: stored.createdAt, deployments: deployments,
      metrics: metrics(over: RayMeter.window), hints: hints)
    result.scale = stored.scale.status
    result.rolledBack = rollout.broughtBack.map {
      RollbackStatus(from: $0.from, to: $0.to, reason: $0.reason)
    }
    return result
  }
}

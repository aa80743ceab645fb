import ControlAPI
import JSON
import Testing

@testable import Ray

@Suite struct `What Ray Serve says of applications` {
  @Test(
    arguments: [
      ("applications_running", ApplicationState.running, DeploymentState.healthy),
      ("applications_gang8", .running, .healthy), ("applications_unhealthy", .unhealthy, .unhealthy),
      ("applications_gang_unhealthy", .unhealthy, .unhealthy),
      ("applications_updating_stuck", .deploying, .updating),
      ("applications_deploy_failed_ctor", .deployFailed, .deployFailed),
    ])
  func `is read in its own words`(_ name: String, _ state: ApplicationState, _ worst: DeploymentState) throws
  {
    let application = try #require(try Recorded.details(name)["dp"])
    #expect(application.status == state)
    #expect(application.deployments.contains { $0.status == worst })
    #expect(application.isDeclarative && application.config?["import_path"]?.string == "trivial:build")
  }

  @Test func `loses the colours of its messages, and tells a traceback by its last line`() throws {
    let failed = try #require(try Recorded.details("applications_deploy_failed_import")["dp"])
    #expect(!failed.message.contains("\u{1b}"))
    let line = MessageDigest.line(of: failed.message)
    #expect(!line.contains("\n") && line.contains("Error"), "\(line)")
    #expect(MessageDigest.line(of: "A replica's health check failed.") == "A replica's health check failed.")
  }

  @Test func `names a replica's process and node only once it has them`() throws {
    let running = try #require(try Recorded.details("applications_gang8")["dp"]).deployments[0]
    #expect(running.targetReplicas == 8 && running.replicas.count == 8)
    #expect(running.replicas.allSatisfy { $0.state == .running && $0.pid != nil && $0.nodeAddress != nil })
    let waiting = try #require(try Recorded.details("applications_pending")["a"]).deployments[0]
    let starting = waiting.replicas.filter { $0.state == .starting }
    #expect(starting.count == 1 && starting[0].pid == nil && starting[0].nodeAddress == nil)
  }

  @Test func `tells where Serve listens, and nothing while it does not run`() throws {
    let details = try Recorded.details("applications_running")
    #expect(details.listener?.port == 28000 && details.proxyAddress == "127.0.0.2")
    let idle = try ServeDetails(
      .object([
        JSONMember("controller_info", .object([])), JSONMember("applications", .object([])),
      ]))
    #expect(idle.listener == nil && idle.applications.isEmpty)
  }

  @Test func `is an error where it holds a word that Ray 2.60 does not have`() throws {
    let text = try Recorded.answer("applications_running").text.replacing("HEALTHY", with: "SPLENDID")
    let answer = try JSONValue(parsing: Array(text.utf8))
    #expect(throws: RayError.notUnderstood("DeploymentState SPLENDID")) { try ServeDetails(answer) }
  }

  @Test func `lists the pages of metrics`() throws {
    #expect(
      MetricTargets.urls(try Recorded.answer("prom_metrics_service_discovery"))
        == [28080, 44217, 44227].map { "http://127.0.0.2:\($0)/metrics" })
  }

  @Test func `has versions that can be compared`() throws {
    let version = try #require(RayVersion("2.60.0"))
    #expect(version > RayError.oldest && version.description == "2.60")
    #expect(try #require(RayVersion("2.49.2")) < RayError.oldest)
    #expect(RayVersion("nightly") == nil)
  }
}

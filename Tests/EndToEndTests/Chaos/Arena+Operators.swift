import ControlAPI
import ControlClient
import FoundationEssentials
import Glibc
import Platform
import Testing

// Operators and clients.
extension Arena {
  private static let commandLimit = Duration.seconds(20)

  var manifest: String {
    """
    apiVersion: dpdeploy/v1
    name: \(Self.application)
    llm_config:
      model_loading_config: {model_id: toy, model_source: toy}
      deployment_config:
        num_replicas: \(wish.groups)
        health_check_period_s: \(wish.check)
        health_check_timeout_s: \(wish.check)
      engine_kwargs: {data_parallel_size: \(wish.ranks), max_num_seqs: \(wish.sequences)}
      runtime_env: {env_vars: {FAKE: "\(wish.script)"}}
    ingress_deployment_config:
      autoscaling_config: {min_replicas: \(wish.ingress), max_replicas: \(wish.ingress)}
    ingress: {host: 127.0.0.1, port: \(wish.port)}
    cluster: {nodes: 1, devices: \(devices ?? wish.groups * wish.ranks)}
    rollout: {drain_timeout_s: 10, healthy_deadline_s: \(wish.deadline), min_ready_s: \(wish.minReady)}
    failure_policy: \(wish.policy)
    """
  }

  /// Runs `dpdeploy`, as an operator would.
  @discardableResult
  func dpdeploy(_ words: String..., within limit: Duration = commandLimit) async throws -> Run {
    try await command(words, within: limit)
  }

  func command(_ words: [String], within limit: Duration = commandLimit) async throws -> Run {
    let start = Instant.now
    let run = try await runner.run(tools + "/dpdeploy", words, within: limit + .seconds(10))
    var code: Int32?
    if case .exited(let number) = run.status { code = number }
    evidence.commands.append(
      CommandTrace(
        words: words.joined(separator: " "), code: code, took: Instant.now - start, limit: limit))
    return run
  }

  /// Applies what is wished for; true when that was acknowledged.
  @discardableResult
  func apply(_ options: String...) async throws -> Bool {
    try await submit(manifest, options).ended(with: 0)
  }

  /// Applies a manifest, whatever comes of it; `name` tells its file from those of others at the same time.
  func submit(_ text: String, _ options: [String] = [], as name: String = "demo") async throws -> Run {
    try write(text, to: "\(name).yaml")
    let run = try await command(["apply", "\(folder)/\(name).yaml"] + options)
    try acknowledge(run, text)
    return run
  }

  /// `demo updated (revision 2)`.
  private func acknowledge(_ run: Run, _ manifest: String) throws {
    guard let part = run.output.components(separatedBy: "(revision ").dropFirst().first,
      let revision = Int(part.prefix { $0.isNumber })
    else { return }
    evidence.acknowledged.removeAll { $0.revision == revision }
    evidence.acknowledged.append(Acknowledgement(revision: revision, manifest: manifest))
  }

  func status() async throws -> ApplicationStatus? {
    let applications = try await client.status().applications
    let status = applications.first { $0.name == Self.application }
    evidence.statuses.append(StatusTrace(time: .now, isHealthy: status?.isHealthy == true))
    return status
  }

  /// Waits until the processes are exactly those that are wished for, and the controller says HEALTHY.
  @discardableResult
  func untilAsWished() async throws -> ApplicationStatus {
    let start = Instant.now
    var last: ApplicationStatus?
    let healthy: ApplicationStatus = try await wait(
      for: "\(wish)", within: .seconds(30), every: .milliseconds(10),
      detail: {
        "\(last?.message ?? "no status"): \(scanner.scan().leaders.map { "\($0.place) e\($0.epoch)" }.sorted())"
      }
    ) {
      last = try? await self.status()
      guard let last, last.isHealthy, isAsWished(scan()) else { return nil as ApplicationStatus? }
      return last
    }
    evidence.recoveries.append(Instant.now - start)
    return healthy
  }

  private func isAsWished(_ scan: ProcessScan) -> Bool {
    scan.ranks.count == wish.groups * wish.ranks && scan.ingress.count == wish.ingress
      && scan.ranks.allSatisfy { $0.settings == "\(wish.sequences)" }
  }

  /// Lets clients begin to stream, one request after the other.
  func beginLoad(users: Int = 2) async throws {
    let endpoint = try #require(try await status()?.endpoint.value.flatMap(Endpoint.init))
    load = StreamLoad(users: users, at: endpoint)
  }

  /// Waits for the requests that are under way; what came of all is evidence.
  func endLoad() async {
    await load?.stop()
    evidence.streams += load?.traces ?? []
    load = nil
  }

  /// Kills a replica's process.
  func killReplica(_ replica: ReplicaStatus) throws {
    let pid = try #require(replica.pid.value)
    let process = try #require(scan().leaders.first { $0.pid == pid })
    evidence.kills.append(KillTrace(replica: replica.id, epoch: process.epoch))
    kill(pid, SIGKILL)
  }

  /// Takes the application away, and holds the end to its promise.
  func delete() async throws {
    let run = try await dpdeploy("delete", Self.application, "--yes")
    #expect(run.ended(with: 0), "\(run)")
    noteDeleted()
  }

  /// What is there now has outlived a delete that was acknowledged.
  func noteDeleted() {
    evidence.acknowledged = []
    evidence.afterDelete = scan()
  }

  /// Has the judge look at everything.
  func judge(_ note: String = "", sourceLocation: SourceLocation = #_sourceLocation) async throws {
    await endLoad()
    evidence.store = try StoreView(path: home.stateDatabase, application: Self.application)
    for violation in Judge(evidence: evidence).violations {
      Issue.record("\(violation)\n\(note)\n\(words)", sourceLocation: sourceLocation)
    }
  }

  /// The events, for a failure's message.
  var words: String {
    (evidence.store?.events ?? []).suffix(30).map { "\($0.reason) \($0.replica): \($0.message)" }
      .joined(separator: "\n")
  }
}

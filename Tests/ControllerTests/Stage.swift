import ControlAPI
import Glibc
import Platform
import Supervision
import Testing

@testable import Controller

/// A home directory of its own, a model folder and a controller that starts fakes.
@Loop
final class Stage {
  let home: HomeDirectory
  let folder: String
  let tools: ToolPaths
  private(set) var controller: Controller?

  init() throws {
    var template = Array("/tmp/dpd-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    home = HomeDirectory(path: folder + "/home")
    let fake = (Executable.directory ?? ".") + "/dpfake"
    tools = ToolPaths(engine: fake, ingress: fake, models: [folder])
    mkdir(folder + "/toy", 0o700)
    Glibc.close(open(folder + "/toy/config.json", O_CREAT | O_WRONLY, 0o600))
  }

  @discardableResult
  func start(endsWhenIdle: Bool = false) async throws -> Controller {
    let controller = try await Controller.begin(home: home, tools: tools, endsWhenIdle: endsWhenIdle)
    self.controller = controller
    return controller
  }

  /// Another controller takes the place of the present one.
  func succeed() async throws {
    await controller?.stop()
    try await start()
  }

  /// The ids of the living processes of this home.
  func living(_ role: String? = nil) -> [Int32] {
    let hash = ProcessToken.hash(ofHome: home.path)
    return TokenScan.processes().filter { $0.token.home == hash && (role == nil || $0.token.role == role) }
      .map(\.pid)
  }

  func manifest(
    ranks: Int = 2, ingress: Int = 2, fake: String = "", maxNumSeqs: Int = 8, port: Int = 0,
    policy: String = "restart_gang", check: Double = 10
  ) -> String {
    """
    apiVersion: dpdeploy/v1
    name: demo
    llm_config:
      model_loading_config: {model_id: toy, model_source: toy}
      engine_kwargs: {data_parallel_size: \(ranks), max_num_seqs: \(maxNumSeqs)}
      runtime_env: {env_vars: {FAKE: "\(fake)"}}
      deployment_config: {health_check_period_s: \(check), health_check_timeout_s: \(check)}
    ingress_deployment_config:
      autoscaling_config: {min_replicas: \(ingress), max_replicas: \(ingress)}
    ingress: {host: 127.0.0.1, port: \(port)}
    failure_policy: \(policy)
    """
  }

  @discardableResult
  func apply(_ manifest: String) async throws -> ApplyResult {
    try await #require(controller).apply(request(manifest))
  }

  func request(_ manifest: String) -> ApplyRequest {
    ApplyRequest(manifest: manifest, path: nil, workingDirectory: folder, clientVersion: Version.current)
  }

  var status: ApplicationStatus? { controller?.status(only: "demo").applications.first }

  func isHealthy(_ status: ApplicationStatus?) -> Bool {
    guard let status else { return false }
    return status.status == .running && status.deployments.allSatisfy { $0.status == .healthy }
  }

  /// Waits until `condition` holds.
  func until(
    _ what: String, within limit: Duration = .seconds(30), _ condition: @Loop (ApplicationStatus?) -> Bool
  ) async throws {
    let deadline = Instant.after(limit)
    while !condition(status) {
      guard Instant.now < deadline else {
        Issue.record("never \(what): \(String(describing: status?.message)) \(reasons)")
        throw Impatience()
      }
      await Loop.sleep(for: .milliseconds(5))
    }
  }

  struct Impatience: Error {}

  func untilHealthy() async throws { try await until("healthy") { self.isHealthy($0) } }

  var events: [Event] { controller?.events(since: 0, of: nil).events ?? [] }
  var reasons: [String] { events.map(\.reason) }

  func close() async {
    await controller?.stop()
    _ = await ProcessTree.killAll(until: .after(.seconds(5))) { [home] in
      $0.home == ProcessToken.hash(ofHome: home.path)
    }
    _ = try? await ChildProcess(Command("/bin/rm", ["-rf", folder])).exit(until: .after(.seconds(10)))
  }
}

extension ApplicationStatus {
  /// The process ids of a role.
  func pids(_ role: ReplicaRole) -> Set<Int32> {
    Set(deployments.flatMap(\.replicas).filter { $0.role == role }.compactMap(\.pid.value))
  }
}

/// Gives `body` a stage and cleans up after it.
@Loop
func onStage(_ body: @Loop (Stage) async throws -> Void) async throws {
  let stage = try Stage()
  do { try await body(stage) } catch {
    await stage.close()
    throw error
  }
  await stage.close()
}

import HTTP
import JSON
import Platform
import Testing

/// A Ray dashboard and Serve's port in one: it takes declarations, and tells of them in the words of Ray 2.60.
///
/// Each node has eight GPUs; the ranks' gangs stand where ``nodesOfRanks`` says.
@Loop
final class FakeCluster {
  static let owner = "DPDEPLOY_OWNER"

  /// What is declared, in order.
  private(set) var configs: [JSONValue] = []
  /// Every body of a declaration.
  private(set) var declarations: [JSONValue] = []
  /// The node of each rank of a gang.
  var nodesOfRanks = "AAAABBBB"
  /// What the cluster says of an application of the configuration; RUNNING unless a test says otherwise.
  var state: (JSONValue) -> (application: String, deployment: String, message: String) = { _ in
    ("RUNNING", "HEALTHY", "")
  }
  /// Whether gangs wait for room.
  var isWaiting = false
  /// GPUs of each node that others hold.
  var taken = 0.0
  /// The page of metrics.
  var metrics = ""

  private var deployedAt = 1000.0
  private let server: HTTPServer
  private var running: Task<Void, Never>?
  let port: UInt16
  private let box = Box()

  private final class Box {
    weak var cluster: FakeCluster?
  }

  init() throws {
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    port = Listener.port(of: socket) ?? 0
    let box = box
    server = HTTPServer(try Listener(socket)) { exchange in
      let body = (try? await exchange.readBody()) ?? []
      guard let cluster = box.cluster else { return await exchange.respond(503, body: []) }
      let (status, answer) = cluster.answer(exchange.head.method, exchange.head.path, body)
      await exchange.respond(status, body: Array(answer.utf8))
    }
    box.cluster = self
    running = Task { @Loop [server] in await server.run() }
  }

  func close() async {
    _ = await server.drain(until: .after(.seconds(5)))
    await running?.value
  }

  /// Somebody else's hand on the cluster.
  func change(_ name: String, _ edit: (String) -> String) throws {
    let index = try #require(configs.firstIndex { $0["name"]?.string == name })
    configs[index] = try JSONValue(parsing: Array(edit(configs[index].text).utf8))
  }

  /// Somebody else's application.
  func add(_ name: String) throws {
    configs.append(try JSONValue(parsing: Array(#"{"name":"\#(name)","import_path":"x:y"}"#.utf8)))
  }

  var names: [String] { configs.compactMap { $0["name"]?.string } }

  private func answer(_ method: String, _ path: String, _ body: [UInt8]) -> (Int, String) {
    switch path.prefix(while: { $0 != "?" }) {
    case "/api/version": (200, #"{"ray_version":"2.60.0"}"#)
    case "/api/serve/applications/" where method == "PUT": (200, declare(body))
    case "/api/serve/applications/": (200, details)
    case "/api/v0/placement_groups": (200, rows(gangs.map(placementGroup)))
    case "/api/v0/actors": (200, rows(gangs.flatMap(actors)))
    case "/api/v0/nodes": (200, rows("AB".map(node)))
    case "/api/cluster_status": (200, usage)
    case "/api/prometheus/sd": (200, #"[{"labels":{"job":"ray"},"targets":["127.0.0.1:\#(port)"]}]"#)
    case "/metrics": (200, metrics)
    case "/v1/completions": (200, "{}")
    default: (404, "404: Not Found")
    }
  }

  private func declare(_ body: [UInt8]) -> String {
    guard let body = try? JSONValue(parsing: body) else { return "no JSON" }
    declarations.append(body)
    configs = body["applications"]?.elements ?? []
    deployedAt += 1
    return "{}"
  }

  private struct Gang {
    let application: String
    let deployment: String
    let number: Int
    var id: String { "pg\(number)" }
    func replica(_ rank: Int) -> String { "r\(number)x\(rank)" }
  }

  private var gangs: [Gang] {
    configs.flatMap { config -> [Gang] in
      guard let llm = config["args"]?["llm_config"] else { return [] }
      let name = llm["model_loading_config"]?["model_id"]?.string ?? ""
      return (0..<(llm["deployment_config"]?["num_replicas"]?.integer ?? 1)).map {
        Gang(application: config["name"]?.string ?? "", deployment: "DPServer:\(name)", number: $0)
      }
    }
  }

  private var details: String {
    let applications = configs.map { config -> String in
      let name = config["name"]?.string ?? ""
      let (state, deployment, message) = state(config)
      let own = gangs.filter { $0.application == name }
      let ranks = own.flatMap { gang in nodesOfRanks.indices.enumerated().map { gang.replica($0.offset) } }
      let deployments =
        own.first.map {
          "\(told($0.deployment, deployment, message, ranks)),\(told("OpenAiIngress", "HEALTHY", "", ["i0"]))"
        } ?? told("Other", "HEALTHY", "", ["o0"])
      return #"""
        "\#(name)":{"status":"\#(state)","message":"","route_prefix":"/","last_deployed_time_s":\#(deployedAt),
        "source":"declarative","deployed_app_config":\#(config.text),"deployments":{\#(deployments)}}
        """#
    }
    return #"""
      {"http_options":{"host":"127.0.0.1","port":\#(port)},"applications":{\#(applications.joined(separator: ","))}}
      """#
  }

  private func told(_ name: String, _ status: String, _ message: String, _ replicas: [String]) -> String {
    let each = replicas.enumerated().map { index, id in
      let node = name.hasPrefix("DPServer") ? Array(nodesOfRanks)[index % nodesOfRanks.count] : "A"
      return isWaiting && id != "i0"
        ? #"{"replica_id":"\#(id)","state":"STARTING"}"#
        : #"{"replica_id":"\#(id)","state":"RUNNING","pid":7,"node_ip":"10.0.0.\#(node)","start_time_s":\#(index)}"#
    }
    let trigger = status == "HEALTHY" ? "CONFIG_UPDATE_COMPLETED" : "CONFIG_UPDATE_STARTED"
    return #"""
      "\#(name)":{"status":"\#(status)","status_trigger":"\#(trigger)","message":"\#(message)",
      "target_num_replicas":\#(replicas.count),"replicas":[\#(each.joined(separator: ","))]}
      """#
  }

  private func placementGroup(_ gang: Gang) -> String {
    let bundles = nodesOfRanks.enumerated().map { index, node in
      #"{"bundle_id":{"bundle_index":\#(index)},"unit_resources":{"GPU":1.0},"node_id":"\#(isWaiting ? "" : String(node))"}"#
    }
    let state = isWaiting ? "PENDING" : "CREATED"
    return #"""
      {"placement_group_id":"\#(gang.id)","name":"SERVE_GANG::\#(gang.application)_\#(gang.deployment)_0_ab",
      "state":"\#(state)","bundles":[\#(bundles.joined(separator: ","))],
      "stats":{"scheduling_state":"\#(isWaiting ? "NO_RESOURCES" : "FINISHED")","scheduling_attempt":3}}
      """#
  }

  private func actors(_ gang: Gang) -> [String] {
    guard !isWaiting else { return [] }
    return nodesOfRanks.enumerated().map { rank, node in
      #"""
      {"name":"SERVE_REPLICA::\#(gang.application)#\#(gang.deployment)#\#(gang.replica(rank))","state":"ALIVE",
      "node_id":"\#(node)","placement_group_id":"\#(gang.id)",
      "required_resources":{"bundle_group_\#(rank)_\#(gang.id)":0.001}}
      """#
    }
  }

  private func node(_ name: Character) -> String {
    #"{"node_id":"\#(name)","node_ip":"10.0.0.\#(name)","state":"ALIVE","resources_total":{"GPU":8.0,"CPU":16.0}}"#
  }

  private var usage: String {
    let own = isWaiting ? 0 : gangs.count * nodesOfRanks.count / 2
    let nodes = "AB".map { #""\#($0)":{"GPU":[\#(taken + Double(own)),8.0]}"# }
    return #"""
      {"data":{"clusterStatus":{"time":\#(WallClock.secondsSinceEpoch),
      "loadMetricsReport":{"usageByNode":{\#(nodes.joined(separator: ","))}}}}}
      """#
  }

  private func rows(_ rows: [String]) -> String {
    #"{"result":true,"msg":"","data":{"result":{"result":[\#(rows.joined(separator: ","))]}}}"#
  }
}

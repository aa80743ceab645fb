public import ControlAPI
public import JSON

/// What `GET /api/serve/applications/` says (`ServeInstanceDetails`), as far as it matters here.
public struct ServeDetails: Sendable, Equatable {
  /// The whole answer, of which the next declaration keeps what it does not change.
  public let answer: JSONValue
  /// The applications, in Ray's order.
  public let applications: [ServeApplication]

  /// Reads an answer.
  ///
  /// - Throws: ``RayError/notUnderstood(_:)`` for a word that is none of Ray 2.60's.
  public init(_ answer: JSONValue) throws(RayError) {
    self.answer = answer
    var applications: [ServeApplication] = []
    for member in answer["applications"]?.members ?? [] {
      applications.append(try ServeApplication(member.name, member.value))
    }
    self.applications = applications
  }

  /// The application called `name`; nil when there is none.
  public subscript(name: String) -> ServeApplication? { applications.first { $0.name == name } }

  /// Where Serve's proxies listen; nil while Serve does not run.
  public var listener: (host: String, port: Int)? {
    guard let host = answer["http_options"]?["host"]?.string,
      let port = answer["http_options"]?["port"]?.integer
    else { return nil }
    return (host, port)
  }

  /// The address of a node with a proxy that is well; nil when there is none.
  public var proxyAddress: String? {
    answer["proxies"]?.members?.first { $0.value["status"]?.string == "HEALTHY" }?.value["node_ip"]?.string
  }
}

/// One application on a cluster.
public struct ServeApplication: Sendable, Equatable {
  /// Its name.
  public let name: String
  /// Its state.
  public let status: ApplicationState
  /// Why, in Ray's words; empty when all is well.
  public let message: String
  /// The path below which it answers; nil when it answers at none.
  public let routePrefix: String?
  /// When it was deployed last, in seconds since 1970 by the cluster's clock; nil before it was.
  public let deployedAt: Double?
  /// The configuration it was declared with; nil for one that was not.
  public let config: JSONValue?
  /// Whether it was declared over REST, and not by a Python program.
  public let isDeclarative: Bool
  /// Its deployments.
  public let deployments: [ServeDeployment]

  init(_ name: String, _ value: JSONValue) throws(RayError) {
    self.name = name
    status = try word(value["status"])
    message = plainText(value["message"])
    routePrefix = value["route_prefix"]?.string
    deployedAt = value["last_deployed_time_s"]?.double
    config = value["deployed_app_config"].flatMap { $0.isNull ? nil : $0 }
    isDeclarative = value["source"]?.string == "declarative"
    var deployments: [ServeDeployment] = []
    for member in value["deployments"]?.members ?? [] {
      deployments.append(try ServeDeployment(member.name, member.value))
    }
    self.deployments = deployments
  }
}

/// One deployment of an application on a cluster.
public struct ServeDeployment: Sendable, Equatable {
  /// Its name.
  public let name: String
  /// Its state.
  public let status: DeploymentState
  /// What brought it there.
  public let trigger: StatusTrigger
  /// Why, in Ray's words; empty when all is well.
  public let message: String
  /// How many replicas there should be.
  public let targetReplicas: Int
  /// The replicas there are.
  public let replicas: [ServeReplica]

  init(_ name: String, _ value: JSONValue) throws(RayError) {
    self.name = name
    status = try word(value["status"])
    trigger = try word(value["status_trigger"])
    message = plainText(value["message"])
    targetReplicas = value["target_num_replicas"]?.integer ?? 0
    var replicas: [ServeReplica] = []
    for replica in value["replicas"]?.elements ?? [] { replicas.append(try ServeReplica(replica)) }
    self.replicas = replicas
  }
}

/// One replica on a cluster.
public struct ServeReplica: Sendable, Equatable {
  /// Ray's id of it, such as `8v3jyea4`.
  public let id: String
  /// Its state.
  public let state: ReplicaState
  /// Its process on its node; nil before it has one.
  public let pid: Int32?
  /// The address of its node; nil before it has one.
  public let nodeAddress: String?
  /// When its actor was started, in seconds since 1970 by the cluster's clock; nil before it was.
  public let startedAt: Double?

  init(_ value: JSONValue) throws(RayError) {
    id = value["replica_id"]?.string ?? ""
    state = try word(value["state"])
    pid = value["pid"]?.integer.flatMap { Int32(exactly: $0) }
    nodeAddress = value["node_ip"]?.string
    startedAt = value["start_time_s"]?.double
  }
}

/// Ray's words are ours: a word of neither is no state that could be shown.
private func word<Word: RawRepresentable<String>>(_ value: JSONValue?) throws(RayError) -> Word {
  let text = value?.string ?? "nothing"
  guard let word = Word(rawValue: text) else { throw .notUnderstood("\(Word.self) \(text)") }
  return word
}

/// A message without the codes that colour it.
private func plainText(_ value: JSONValue?) -> String {
  (value?.string ?? "").replacing(/\u{1b}\[[0-9;]*m/, with: "")
}

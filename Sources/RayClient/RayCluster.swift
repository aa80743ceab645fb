public import JSON
import Platform
public import Ray
import WebClient

/// A Ray cluster, driven through its dashboard's REST API; every call has a deadline.
public struct RayCluster: Sendable {
  /// The dashboard's address, a URL without a path.
  public let address: String
  private let token: ClusterToken
  private let client = WebClient()

  private static let readTime = Duration.seconds(5)
  /// Serve's controller is started by the first declaration.
  private static let declareTime = Duration.seconds(60)
  private static let completionTime = Duration.seconds(30)
  /// The state API's own limit; its default is 100.
  private static let everything = "detail=1&limit=10000"

  /// Speaks to the dashboard at `address`.
  public init(address: String, token: ClusterToken) {
    self.address = address
    self.token = token
  }

  /// The cluster's release.
  public func version() async throws(RayError) -> RayVersion {
    let answer = try await ask("/api/version")
    guard let text = answer["ray_version"]?.string, let version = RayVersion(text) else {
      throw .notRay(address: address, reason: "it tells no version of Ray")
    }
    guard version >= RayError.oldest else { throw .tooOld(version: text) }
    return version
  }

  /// All applications.
  public func details() async throws(RayError) -> ServeDetails {
    try ServeDetails(try await ask("/api/serve/applications/"))
  }

  /// Makes the cluster's declared applications those of `body`.
  public func declare(_ body: JSONValue) async throws(RayError) {
    _ = try await ask(
      "/api/serve/applications/", method: "PUT", body: body.text, within: Self.declareTime, readsAnswer: false
    )
  }

  /// All placement groups.
  public func placementGroups() async throws(RayError) -> [PlacementGroup] {
    try PlacementGroup.list(try await ask("/api/v0/placement_groups?\(Self.everything)"))
  }

  /// All living replicas.
  public func actors() async throws(RayError) -> [ReplicaActor] {
    try ReplicaActor.list(
      try await ask(
        "/api/v0/actors?\(Self.everything)&filter_keys=state&filter_predicates=%3D&filter_values=ALIVE"))
  }

  /// All nodes.
  public func nodes() async throws(RayError) -> [ClusterNode] {
    try ClusterNode.list(try await ask("/api/v0/nodes?\(Self.everything)"))
  }

  /// What is taken of each node; nil when the cluster does not tell.
  public func usage() async throws(RayError) -> ClusterUsage? {
    ClusterUsage(try await ask("/api/cluster_status"))
  }

  /// The URLs of the pages of metrics, by Ray's discovery list.
  public func metricTargets() async throws(RayError) -> [String] {
    MetricTargets.urls(try await ask("/api/prometheus/sd"))
  }

  /// Asks for one token at the base URL `endpoint`; nil when it was given, or why not.
  public func completionProblem(at endpoint: String, model: String) async -> String? {
    let body = JSONValue.object([
      JSONMember("model", .string(model)), JSONMember("prompt", .string("a")),
      JSONMember("max_tokens", .integer(1)), JSONMember("temperature", .integer(0)),
    ])
    let request = WebRequest(url: endpoint + "/v1/completions", method: "POST", body: body.text)
    switch await client.fetch([request], until: .after(Self.completionTime))[0] {
    case .success(let answer) where answer.status == 200: return nil
    case .success(let answer): return "a completion was answered \(answer.status)"
    case .failure(let error): return "\(error)"
    }
  }

  private func ask(
    _ path: String, method: String = "GET", body: String? = nil, within time: Duration = Self.readTime,
    readsAnswer: Bool = true
  ) async throws(RayError) -> JSONValue {
    let token = token.read()
    let request = WebRequest(url: address + path, bearerToken: token, method: method, body: body)
    let answer: WebResponse
    switch await client.fetch([request], until: .after(time))[0] {
    case .success(let given): answer = given
    case .failure(.timedOut): throw .unreachable(address: address, reason: "no answer within \(time)")
    case .failure(.failed(_, let reason)): throw .unreachable(address: address, reason: reason)
    case .failure(let error): throw .notUnderstood(error.description)
    }
    guard answer.status == 200 else { throw refusal(answer, hasToken: token != nil) }
    guard readsAnswer else { return .null }
    do { return try JSONValue(parsing: answer.body) } catch {
      throw .notRay(address: address, reason: "\(path) is answered without JSON")
    }
  }

  private func refusal(_ answer: WebResponse, hasToken: Bool) -> RayError {
    let text = String(decoding: answer.body.prefix(2000), as: UTF8.self)
    switch answer.status {
    case 401: return hasToken ? .tokenRefused(address: address) : .tokenMissing(address: address)
    case 403: return .tokenRefused(address: address)
    case 404: return .notRay(address: address, reason: "it answers 404")
    case 501: return .serveMissing
    default: return .refused(status: answer.status, reason: MessageDigest.line(of: text))
    }
  }
}

import CommandLine
import ControlAPI
import ControlClient
import HTTP
import JSON
import Platform

/// Where completions are answered, and to which model name.
struct ServingTarget: Sendable {
  /// The application's name, or the URL of a server that is none of ours.
  let application: String
  let endpoint: Endpoint
  let model: String

  /// The application called `name`, or the only one there is.
  @Loop
  static func find(_ name: String?, _ streams: StandardStreams) async throws(ControlError) -> ServingTarget {
    let home = try HomeDirectory.ofEnvironment()
    let client = ControlClient(home: home)
    let all = try await client.status().applications
    let chosen = name == nil && all.count == 1 ? all.first : all.first { $0.name == name }
    guard let chosen else {
      let names = all.map(\.name).joined(separator: ", ")
      let reason = name.map { "no application is called \($0)" } ?? "say which application with --application"
      throw ControlError(
        code: "not-found", message: reason + (all.isEmpty ? "; none is deployed" : "; there are: \(names)"))
    }
    guard let text = chosen.endpoint.value, let told = Endpoint(text) else {
      throw ControlError(
        code: "not-ready", message: "\(chosen.name) has no endpoint yet: \(chosen.message)", exitCode: 7)
    }
    // The controller's socket takes connections that nobody would answer.
    let ingress = chosen.deployments.flatMap(\.replicas).filter { $0.role == .ingress }
    guard let running = ingress.first(where: { $0.state == .running }) else {
      throw ControlError(
        code: "not-ready", message: "\(chosen.name) has no ingress replica that runs: \(chosen.message)",
        exitCode: 7)
    }
    let endpoint = text.hasPrefix("https:") ? behindFront(running, of: chosen.name, home) : told
    return ServingTarget(application: chosen.name, endpoint: endpoint, model: chosen.modelId)
  }

  /// The socket of a replica to which a front ends TLS: its certificate may be one that only the clients trust.
  private static func behindFront(
    _ replica: ReplicaStatus, of application: String, _ home: HomeDirectory
  ) -> Endpoint {
    .unix(path: home.clientSocket(of: application, ingress: replica.id))
  }
  /// The server at a URL, and the first model that it lists.
  ///
  /// - Throws: a usage error for what is no address of a plain HTTP server, ``ControlError`` when that answers otherwise.
  @Loop
  static func at(url: String, apiKey: String?) async throws -> ServingTarget {
    var base = url
    for suffix in ["/", "/v1"] where base.hasSuffix(suffix) { base.removeLast(suffix.count) }
    guard let endpoint = Endpoint(base) else {
      throw UsageError(
        "`\(url)` is no address", help: "write http://HOST:PORT with a numeric address or localhost")
    }
    let fields = apiKey.map { [("Authorization", "Bearer \($0)")] } ?? []
    let client = HTTPClient(endpoint)
    defer { client.closeIdle() }
    let answer: (status: Int, body: [UInt8])
    do {
      answer = try await client.request("GET", "/v1/models", fields: fields, until: .after(.seconds(10)))
    } catch {
      throw ControlError(code: "unreachable", message: "\(url) does not answer: \(error)", exitCode: 5)
    }
    let listed = (try? JSONValue(parsing: answer.body))?["data"]?.elements?.first?["id"]?.string
    guard answer.status == 200, let model = listed else {
      throw ControlError(
        code: "no-model", message: "\(url) lists no model: /v1/models answered with status \(answer.status)")
    }
    return ServingTarget(application: url, endpoint: endpoint, model: model)
  }
}

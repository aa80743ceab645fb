import Glibc
import HTTP
import JSON
import Platform
import Ray
import RayClient
import Testing

@Suite @Loop struct `A Ray cluster` {
  /// A dashboard that answers as `handler` says, by what Ray 2.60 was seen to answer.
  private func withDashboard(
    _ handler: @escaping HTTPServer.Handler, body: @Loop (RayCluster) async throws -> Void
  ) async throws {
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    let port = Listener.port(of: socket) ?? 0
    let server = HTTPServer(try Listener(socket), handler: handler)
    let running = Task { @Loop in await server.run() }
    try await body(RayCluster(address: "http://127.0.0.1:\(port)", token: ClusterToken(file: "/nowhere")))
    _ = await server.drain(until: .after(.seconds(5)))
    await running.value
  }

  @Test(
    arguments: [
      (401, "", "cluster-token", "asks for a token"), (403, "", "cluster-token", "refuses the token"),
      (404, "404: Not Found", "cluster-not-ray", "usually port 8265"),
      (501, "", "cluster-without-serve", "ray[serve]"),
      (400, "1 validation error for ServeDeploySchema", "cluster-error", "400: 1 validation error"),
      (200, "<html>", "cluster-not-ray", "without JSON"),
      (200, #"{"ray_version": "2.9.3"}"#, "cluster-too-old", "Ray 2.9.3"),
      (200, #"{"version": "4"}"#, "cluster-not-ray", "no version of Ray"),
    ])
  func `that cannot be driven says why and what to do`(
    _ status: Int, _ body: String, _ code: String, _ words: String
  ) async throws {
    try await withDashboard {
      await $0.respond(status, body: Array(body.utf8))
    } body: { cluster in
      let error = await #expect(throws: RayError.self) { _ = try await cluster.version() }
      #expect(
        error?.code == code && error?.description.contains(words) == true, "\(String(describing: error))")
      #expect(error?.exitCode == 1)
    }
  }

  @Test func `where nobody listens is unreachable, with code 5`() async throws {
    let cluster = RayCluster(address: "http://127.0.0.1:1", token: ClusterToken(file: nil))
    let error = await #expect(throws: RayError.self) { _ = try await cluster.details() }
    #expect(error?.exitCode == 5 && error?.description.contains("http://127.0.0.1:1") == true)
  }

  @Test func `is sent the token of the file, the declaration whole, and then a plain question again`()
    async throws
  {
    let file = "/tmp/dpdeploy-token-\(getpid())"
    let handle = try #require(fopen(file, "w"))
    fputs(" secret \n", handle)
    fclose(handle)
    defer { unlink(file) }
    var asked: [String] = []
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    let address = "http://127.0.0.1:\(Listener.port(of: socket) ?? 0)"
    let server = HTTPServer(try Listener(socket)) { exchange in
      let body = (try? await exchange.readBody()) ?? []
      let token = exchange.head["authorization"] ?? "none"
      asked.append(
        "\(exchange.head.method) \(exchange.head.path) \(token) \(String(decoding: body, as: UTF8.self))")
      await exchange.respond(200, body: Array(#"{"applications":{}}"#.utf8))
    }
    let running = Task { @Loop in await server.run() }
    let cluster = RayCluster(address: address, token: ClusterToken(file: file))
    try await cluster.declare(.object([JSONMember("applications", .array([]))]))
    let details = try await cluster.details()
    #expect(details.applications.isEmpty)
    #expect(
      asked == [
        #"PUT /api/serve/applications/ Bearer secret {"applications":[]}"#,
        "GET /api/serve/applications/ Bearer secret ",
      ])
    _ = await server.drain(until: .after(.seconds(5)))
    await running.value
  }
}

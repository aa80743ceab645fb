import ControlAPI
import ControlClient
import Glibc
import HTTP
import Platform
import Testing

@Suite @Loop struct `The controller's client` {
  @Test func `says that no controller answers and ends with code 5`() async {
    let client = ControlClient(home: HomeDirectory(path: "/nowhere/at-all"))
    let error = await #expect(throws: ControlError.self) { _ = try await client.status() }
    #expect(error?.exitCode == 5 && error?.code == "controller-unreachable")
    #expect(error?.message.contains("/nowhere/at-all") == true)
  }

  @Test func `passes a refusal on as the controller worded it`() async throws {
    try await withController { exchange in
      let refusal = #"{"code":"not-found","message":"no application is called x","exitCode":1}"#
      await exchange.respond(404, body: Array(refusal.utf8))
    } body: { client in
      let error = await #expect(throws: ControlError.self) { try await client.delete("x") }
      #expect(error == ControlError(code: "not-found", message: "no application is called x", exitCode: 1))
    }
  }

  @Test func `escapes names in paths and queries`() async throws {
    var targets: [String] = []
    try await withController { exchange in
      targets.append(exchange.head.target)
      let empty =
        #"{"apiVersion":"dpdeploy/v1","kind":"LogList","schemaVersion":"1.0","lines":[],"cursor":"c"}"#
      await exchange.respond(200, body: Array(empty.utf8))
    } body: { client in
      _ = try await client.logs(application: "a b/c&d", replica: "dp0", tail: 5)
    }
    #expect(targets == ["/v1/logs?application=a%20b%2Fc%26d&replica=dp0&tail=5"])
  }

  private func withController(
    _ handler: @escaping HTTPServer.Handler, body: @Loop (ControlClient) async throws -> Void
  ) async throws {
    let home = HomeDirectory(path: "/tmp/dpdeploy-client-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    mkdir(home.path, 0o700)
    defer { rmdir(home.path) }
    defer { unlink(home.controllerSocket) }
    let server = HTTPServer(
      try Listener(try Listener.open(.unix(path: home.controllerSocket))), handler: handler)
    let running = Task { @Loop in await server.run() }
    try await body(ControlClient(home: home))
    _ = await server.drain(until: .after(.seconds(5)))
    await running.value
  }
}

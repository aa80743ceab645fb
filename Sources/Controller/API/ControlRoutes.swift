import ControlAPI
import Glibc
import HTTP
import Platform
import Telemetry

/// The controller's API over HTTP: which request asks for what.
@Loop
struct ControlRoutes {
  let controller: Controller

  /// Answers one request.
  func answer(_ exchange: HTTPExchange) async {
    if exchange.head.path == MetricsRoutes.path {
      return await MetricsRoutes(controller: controller).answer(exchange)
    }
    do {
      let (status, body) = try await result(of: exchange)
      await exchange.respond(status, body: body)
    } catch {
      await exchange.respond(Self.httpStatus(of: error), body: encoded(error))
    }
  }

  private func result(of exchange: HTTPExchange) async throws(ControlError) -> (Int, [UInt8]) {
    let parts = exchange.head.path.split(separator: "/").map(String.init)
    guard parts.first == "v1" else { throw Self.noSuchPath(exchange) }
    if exchange.head.method != "GET" { try checkMayChange(exchange) }
    switch (exchange.head.method, parts.dropFirst().first ?? "", parts.count) {
    case ("GET", "version", 2): return (200, encoded(controller.version))
    case ("GET", "applications", 2): return (200, encoded(controller.status(only: nil)))
    case ("GET", "applications", 3):
      try controller.check(parts[2])
      return (200, encoded(controller.status(only: parts[2])))
    case ("GET", "audit", 2):
      return (
        200,
        encoded(
          try await controller.audit(
            of: exchange.head.query("application"), most: number("most", exchange, default: 100)))
      )
    case ("POST", "applications", 2), ("DELETE", "applications", 3), ("POST", "applications", 4):
      return try await change(exchange, parts.dropFirst(2).first ?? "", parts.dropFirst(3).first)
    case ("POST", "plan", 2):
      return (200, encoded(try await controller.plan(try await body(ApplyRequest.self, of: exchange))))
    case ("GET", "applications", 4) where parts[3] == "revisions":
      return (200, encoded(try await controller.revisions(of: parts[2])))
    case ("GET", "applications", 4) where parts[3] == "insight":
      return (200, encoded(try controller.insight(of: parts[2], over: window(exchange))))
    case ("GET", "applications", 4) where parts[3] == "timeline":
      return (200, encoded(try await controller.timeline(of: parts[2])))
    case ("GET", "applications", 4) where parts[3] == "history":
      guard let query = HistoryQuery(parameters: { exchange.head.query($0) }) else {
        throw ControlError(
          code: "bad-request", message: "a parameter of the history is no such thing", exitCode: 2)
      }
      return (200, encoded(try await controller.history(of: parts[2], query)))
    case ("GET", "snapshot", 2):
      return (
        200, encoded(controller.snapshot(since: number("since", exchange), over: window(exchange)))
      )
    case ("GET", "events", 2):
      return (
        200,
        encoded(controller.events(since: number("since", exchange), of: exchange.head.query("application")))
      )
    case ("GET", "logs", 2): return (200, encoded(try logs(exchange)))
    default: throw Self.noSuchPath(exchange)
    }
  }

  /// Its own user and root may; the members of a group that may look may not.
  private func checkMayChange(_ exchange: HTTPExchange) throws(ControlError) {
    guard let user = exchange.peer?.uid, user != 0, user != geteuid() else { return }
    throw ControlError(
      code: "forbidden", message: "the user \(user) may look at this controller, and not change anything")
  }

  private func logs(_ exchange: HTTPExchange) throws(ControlError) -> LogPage {
    guard let name = exchange.head.query("application") else {
      throw ControlError(code: "bad-request", message: "logs need ?application=NAME", exitCode: 2)
    }
    return try controller.logs(of: name, LogQuery { exchange.head.query($0) })
  }

  /// The seconds that rates and quantiles are asked for over.
  private func window(_ exchange: HTTPExchange) -> Double {
    let asked = number("window", exchange, default: Int(ApplicationMeter.window))
    return min(max(1, Double(asked)), SteppedWindow<ApplicationMeter.Second>.longest)
  }

  private func number(_ name: String, _ exchange: HTTPExchange, default fallback: Int = 0) -> Int {
    exchange.head.query(name).flatMap { Int($0) }.map { max(0, $0) } ?? fallback
  }

  func body<Body: Decodable>(_ type: Body.Type, of exchange: HTTPExchange) async throws(ControlError)
    -> Body
  {
    let bytes: [UInt8]
    do { bytes = try await exchange.readBody() } catch {
      throw ControlError(code: "bad-request", message: "\(error)", exitCode: 2)
    }
    guard let body = decoded(type, from: bytes) else {
      throw ControlError(code: "bad-request", message: "the body is no \(type)", exitCode: 2)
    }
    return body
  }

  static func noSuchPath(_ exchange: HTTPExchange) -> ControlError {
    ControlError(
      code: "no-such-path", message: "there is no \(exchange.head.method) \(exchange.head.path)", exitCode: 2)
  }

  private static func httpStatus(of error: ControlError) -> Int {
    switch error.code {
    case "not-found", "no-such-path": 404
    case "forbidden": 403
    case "bad-request", "invalid-manifest", "model-not-found", "not-yet", "path-too-long": 400
    case "does-not-fit", "port-in-use", "port-denied", "cannot-listen", "conflict", "version-mismatch": 409
    case "store-failed": 507
    default: 500
    }
  }
}

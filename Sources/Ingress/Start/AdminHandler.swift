import HTTP
import OpenAI
import Platform

/// The controller's and the operator's side of a replica.
///
/// `PUT /v1/ranks` gives it the rank table. `POST /drain` sends its clients elsewhere and answers when that is in force:
/// 200 once no request is left, within `?wait_s=` seconds, else 202. `POST /resume` takes it back.
@Loop
struct AdminHandler {
  private let service: IngressService
  private let leave: Leave
  private static let longestWait = 3600.0

  init(_ service: IngressService, _ leave: Leave) {
    self.service = service
    self.leave = leave
  }

  /// Answers one request.
  func handle(_ exchange: HTTPExchange) async {
    do throws(APIError) {
      switch exchange.head.path {
      case "/v1/ranks":
        try allow("PUT", exchange)
        await ranks(exchange, try await table(exchange))
      case "/drain":
        try allow("POST", exchange)
        try await drain(exchange)
      case "/resume":
        try allow("POST", exchange)
        leave.end()
        await tell(exchange, 200)
      default: throw .unknownPath(exchange.head.path)
      }
    } catch {
      await exchange.respond(error.status, body: error.body)
    }
  }

  private func allow(_ method: String, _ exchange: HTTPExchange) throws(APIError) {
    guard exchange.head.method == method else {
      throw .methodNotAllowed(exchange.head.method, allowed: method)
    }
  }

  private func table(_ exchange: HTTPExchange) async throws(APIError) -> RankTable {
    guard let body = try? await exchange.readBody() else {
      throw .badRequest("The rank table could not be read.")
    }
    let table = try RankTable(parsing: body)
    try service.take(table)
    return table
  }

  private func ranks(_ exchange: HTTPExchange, _ table: RankTable) async {
    await exchange.respond(200, body: Array(#"{"version":\#(table.version)}"#.utf8))
  }

  private func drain(_ exchange: HTTPExchange) async throws(APIError) {
    let text = exchange.head.query("wait_s") ?? "0"
    guard let seconds = Double(text), (0...Self.longestWait).contains(seconds) else {
      throw .badValue("A wait goes from 0 to 3600 s.", parameter: "wait_s", value: text)
    }
    leave.take()
    let isQuiet = await leave.isQuiet(by: .after(.milliseconds(Int(seconds * 1000))))
    await tell(exchange, isQuiet ? 200 : 202)
  }

  private func tell(_ exchange: HTTPExchange, _ status: Int) async {
    let state =
      #"{"draining":\#(leave.isTaken),"active":\#(leave.activeCount),"connections":\#(leave.connectionCount)}"#
    await exchange.respond(status, body: Array(state.utf8))
  }
}

import HTTP
import OpenAI
import Platform

/// The controller's side of a replica: `PUT /v1/ranks` gives it the rank table.
@Loop
struct AdminHandler {
  private let service: IngressService

  init(_ service: IngressService) { self.service = service }

  /// Answers one request.
  func handle(_ exchange: HTTPExchange) async {
    do throws(APIError) {
      guard exchange.head.path == "/v1/ranks" else { throw .unknownPath(exchange.head.path) }
      guard exchange.head.method == "PUT" else {
        throw .methodNotAllowed(exchange.head.method, allowed: "PUT")
      }
      guard let body = try? await exchange.readBody() else {
        throw .badRequest("The rank table could not be read.")
      }
      try service.take(RankTable(parsing: body))
      await exchange.respond(200, body: Array(#"{"version":\#(service.pool.version)}"#.utf8))
    } catch {
      await exchange.respond(error.status, body: error.body)
    }
  }
}

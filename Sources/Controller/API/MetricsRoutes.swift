import HTTP
import Platform
import Telemetry

/// `GET /metrics`, on the controller's socket and on an address of its own, where nothing else is answered.
@Loop
struct MetricsRoutes {
  let controller: Controller
  static let path = "/metrics"

  /// Answers one request.
  func answer(_ exchange: HTTPExchange) async {
    guard exchange.head.path == Self.path else {
      return await exchange.respond(
        404, contentType: "text/plain", body: Array("only /metrics is here\n".utf8))
    }
    guard ["GET", "HEAD"].contains(exchange.head.method) else {
      return await exchange.respond(
        405, contentType: "text/plain", fields: [("Allow", "GET, HEAD")], body: Array("read only\n".utf8))
    }
    await exchange.respond(
      200, contentType: PrometheusWriter.contentType, body: PrometheusPage(controller).bytes())
  }
}

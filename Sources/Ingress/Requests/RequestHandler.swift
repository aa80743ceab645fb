import HTTP
import OpenAI
import Platform
import Telemetry

/// The clients' side of a replica: completions are relayed, the rest is answered here.
@Loop
final class RequestHandler {
  private let service: IngressService
  private let metricsPage: MetricsPage
  private let startedAt: Int
  private let origins: CrossOrigin
  private static let json = "application/json"
  private static let modelsTimeout = Duration.seconds(2)

  init(_ service: IngressService, _ metricsPage: MetricsPage) {
    self.service = service
    self.metricsPage = metricsPage
    origins = CrossOrigin(service.options.corsOrigins)
    startedAt = Int(WallClock.secondsSinceEpoch)
  }

  /// Answers one request.
  func handle(_ exchange: HTTPExchange) async {
    let path = percentDecoded(exchange.head.path)
    exchange.commonFields = origins.fields(for: exchange.head)
    if exchange.head.method == "OPTIONS" { return await exchange.respond(head: origins.preflight, body: []) }
    do throws(APIError) {
      let caller = path.hasPrefix("/v1/") ? try service.keys.caller(of: exchange.head) : .anyone
      switch path {
      case "/v1/completions", "/v1/chat/completions":
        try allow(["POST"], exchange)
        await service.serve(Relay(exchange, service, caller))
      case _ where path == "/v1/models" || path.hasPrefix("/v1/models/"):
        try allow(["GET", "HEAD"], exchange)
        await models(exchange, path)
      case "/v1/load_lora_adapter", "/v1/unload_lora_adapter":
        throw service.options.servesAdapters ? Self.manyRanks : .unknownPath(path)
      default: try await page(exchange, path)
      }
    } catch {
      await exchange.respond(error.status, fields: error.fields, body: error.body)
    }
  }

  /// What one rank is told of an adapter, the others would not know.
  private static let manyRanks = APIError.badRequest(
    "This address stands for many ranks, and an adapter that is loaded through it would be known to one of them. Put it"
      + " into the folder of lora_config.dynamic_lora_loading_path, or take it out of there: every rank looks there by"
      + " the adapter's name. (vLLM's ranks are told of adapters by engine_kwargs.lora_modules.)")

  private func allow(_ methods: [String], _ exchange: HTTPExchange) throws(APIError) {
    guard methods.contains(exchange.head.method) else {
      throw .methodNotAllowed(exchange.head.method, allowed: methods.joined(separator: " or "))
    }
  }

  private func page(_ exchange: HTTPExchange, _ path: String) async throws(APIError) {
    var type = Self.json
    let body: [UInt8]
    switch path {
    case "/health", "/ping", "/ready":
      guard service.pool.runningCount > 0, !service.isDraining else { throw .unavailable("No rank serves.") }
      body = []
    case "/version": body = Array(#"{"version":"\#(Version.current)"}"#.utf8)
    case "/load": body = Array(#"{"server_load":\#(service.activeCount)}"#.utf8)
    case "/metrics": (type, body) = (PrometheusWriter.contentType, metricsPage.text())
    default: throw .unknownPath(path)
    }
    try allow(["GET", "HEAD"], exchange)
    await exchange.respond(200, contentType: type, body: body)
  }

  /// A rank knows its model best; while none serves, what the manifest says of it must do.
  private func models(_ exchange: HTTPExchange, _ path: String) async {
    for rank in service.pool.runningRanks.shuffled().prefix(2) {
      let answer = try? await rank.client.request(
        "GET", exchange.head.path, until: .after(Self.modelsTimeout))
      guard let answer, answer.status < 500 else { continue }
      return await exchange.respond(answer.status, body: answer.body)
    }
    let model = service.options.modelID
    let card = ModelCard(id: model, root: model, created: startedAt, maxModelLength: nil)
    switch path {
    case "/v1/models": await exchange.respond(200, body: ModelCard.list([card]))
    case "/v1/models/\(model)": await exchange.respond(200, body: card.body)
    default:
      let error = APIError.unknownModel(String(path.dropFirst("/v1/models/".count)), served: [model])
      await exchange.respond(error.status, body: error.body)
    }
  }
}

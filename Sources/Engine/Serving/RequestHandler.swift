import HTTP
import OpenAI
import Platform
import Telemetry

/// The HTTP face of a rank: vLLM's endpoints, bodies and errors.
@Loop
final class RequestHandler {
  private let service: EngineService
  private let metricsPage: MetricsPage
  private let card: ModelCard

  init(_ service: EngineService, metricsPage: MetricsPage) {
    self.service = service
    self.metricsPage = metricsPage
    let limits = service.planner.limits
    card = ModelCard(
      id: limits.modelName, root: service.options.model, created: service.startedAt,
      maxModelLength: limits.maxModelLength)
  }

  /// Answers one request.
  func handle(_ exchange: HTTPExchange) async {
    let path = percentDecoded(exchange.head.path)
    switch path {
    case "/v1/completions": await generate(exchange, completion)
    case "/v1/chat/completions": await generate(exchange, chat)
    case "/v1/load_lora_adapter", "/v1/unload_lora_adapter":
      await AdapterHandler(service).handle(exchange, path)
    default:
      guard let answer = page(path, exchange.head) else { return await refuse(exchange, .unknownPath(path)) }
      guard ["GET", "HEAD"].contains(exchange.head.method) else {
        return await refuse(exchange, .methodNotAllowed(exchange.head.method, allowed: "GET"))
      }
      await exchange.respond(answer.status, contentType: answer.type, fields: rank, body: answer.body)
    }
  }

  private var rank: [(String, String)] { [("X-Dpdeploy-Rank", String(service.options.dataParallelRank))] }

  private func page(_ path: String, _ head: MessageHead) -> (status: Int, type: String, body: [UInt8])? {
    let json = "application/json"
    switch path {
    case "/health", "/ping": return (service.failure == nil ? 200 : 503, json, [])
    case "/version": return (200, json, Array("{\"version\":\"\(Version.current)\"}".utf8))
    case "/load": return (200, json, Array("{\"server_load\":\(service.answering)}".utf8))
    case "/v1/models": return (200, json, ModelCard.list([card] + adapterCards))
    case "/v1/models/\(card.id)": return (200, json, card.body)
    case "/metrics": return (200, PrometheusWriter.contentType, metricsPage.text())
    case "/debug/trace":
      let wanted = head.query("steps").map { Int($0) } ?? 100
      guard let wanted, (1...StepMetrics.keptSteps).contains(wanted) else {
        let error = APIError.badRequest(
          "steps must be a whole number from 1 to \(StepMetrics.keptSteps).", parameter: "steps")
        return (error.status, json, error.body)
      }
      let trace = StepTrace(
        rank: service.options.dataParallelRank, steps: service.metrics.steps.latest(wanted))
      return (200, json, trace.json)
    case _ where path.hasPrefix("/v1/models/"):
      let name = String(path.dropFirst(11))
      if let source = service.adapters?.catalogue.source(of: name) {
        return (200, json, card(of: source).body)
      }
      let error = APIError.unknownModel(name, served: [card.id] + adapterCards.map(\.id))
      return (error.status, json, error.body)
    default: return nil
    }
  }

  private var adapterCards: [ModelCard] { service.adapters?.catalogue.sources.map(card) ?? [] }

  private func card(of adapter: AdapterSource) -> ModelCard {
    ModelCard(
      id: adapter.card, root: adapter.path, created: card.created, maxModelLength: card.maxModelLength,
      parent: card.id)
  }

  private func generate(
    _ exchange: HTTPExchange, _ prepare: ([UInt8], Replay) throws(APIError) -> PreparedRequest
  ) async {
    do throws(APIError) {
      guard exchange.head.method == "POST" else {
        throw .methodNotAllowed(exchange.head.method, allowed: "POST")
      }
      let body = try await Self.body(of: exchange)
      if let failure = service.failure {
        throw .internalError("EngineCore encountered an issue: \(failure)")
      }
      if service.isDraining { throw .unavailable("The server is shutting down.") }
      let request = try prepare(body, try Replay(exchange.head))
      try await service.track { () async throws(APIError) in
        let lease = try await self.lease(request.adapter)
        defer { lease.map { service.adapters?.release($0) } }
        try await AnswerSender(service, exchange, request, lease).run()
      }
    } catch {
      await refuse(exchange, error)
    }
  }

  private func lease(_ adapter: AdapterSource?) async throws(APIError) -> AdapterStore.Lease? {
    guard let adapter, let adapters = service.adapters else { return nil }
    return try await adapters.acquire(adapter)
  }

  private static func body(of exchange: HTTPExchange) async throws(APIError) -> [UInt8] {
    do { return try await exchange.readBody() } catch {
      if case .malformed(413, _) = error { throw .bodyTooLarge(limit: HTTPLimits().bodyBytes) }
      exchange.closeAfterAnswer()
      throw .badRequest("The request's body could not be read: \(error)")
    }
  }

  private func completion(_ body: [UInt8], _ replay: Replay) throws(APIError) -> PreparedRequest {
    let request = try service.reader.completion(body)
    let planner = service.planner
    let adapter = try planner.adapter(of: request.envelope, in: service.adapters?.catalogue)
    try planner.checkSupported(request.envelope)
    try planner.checkSupported(request.sampling)
    var prompts: [[Int32]] = []
    for prompt in request.prompts {
      prompts.append(
        try service.text.tokens(
          of: prompt, vocabularySize: planner.limits.vocabularySize, surrounded: request.addsSpecialTokens))
    }
    var sequences = try planner.sequences(
      prompts, request.sampling, truncatingTo: request.envelope.truncatePromptTokens)
    if request.echoesPrompt { service.text.echo(request, prompts, in: &sequences) }
    try planner.checkResumed(replay.resumed, sequences)
    return PreparedRequest(
      envelope: request.envelope, adapter: adapter, ticket: replay.ticket, resumed: replay.resumed,
      sampling: request.sampling, sequences: sequences,
      format: .completion(
        CompletionWriter(identity("cmpl-", replay.ticket, request.envelope.model)),
        returnsIDs: request.envelope.returnsTokenIDs))
  }

  private func chat(_ body: [UInt8], _ replay: Replay) throws(APIError) -> PreparedRequest {
    let request = try service.reader.chat(body)
    let planner = service.planner
    let adapter = try planner.adapter(of: request.envelope, in: service.adapters?.catalogue)
    try planner.checkSupported(request.envelope)
    try planner.checkSupported(request.sampling)
    try planner.checkSupported(request)
    let prompt = try service.text.tokens(of: request)
    let sequences = try planner.sequences(
      [prompt], request.sampling, truncatingTo: request.envelope.truncatePromptTokens)
    try planner.checkResumed(replay.resumed, sequences)
    return PreparedRequest(
      envelope: request.envelope, adapter: adapter, ticket: replay.ticket, resumed: replay.resumed,
      sampling: request.sampling, sequences: sequences,
      format: .chat(
        ChatWriter(identity("chatcmpl-", replay.ticket, request.envelope.model)),
        returnsIDs: request.envelope.returnsTokenIDs))
  }

  /// Under a ticket every rank answers with the same id, so that a client cannot tell them apart.
  private func identity(_ prefix: String, _ ticket: RequestTicket?, _ model: String?) -> ResponseIdentity {
    let number = String(UInt64.random(in: 0 ... .max), radix: 16)
    return ResponseIdentity(
      id: prefix + (ticket?.id ?? String(repeating: "0", count: 16 - number.count) + number),
      created: ticket?.created ?? Int(WallClock.secondsSinceEpoch),
      model: model ?? service.planner.limits.modelName,
      systemFingerprint: EngineVersion.fingerprint(service.options))
  }

  private func refuse(_ exchange: HTTPExchange, _ error: APIError) async {
    await exchange.respond(error.status, fields: rank + error.fields, body: error.body)
  }
}

/// What the ingress says of a request beside its body.
struct Replay: Sendable {
  let ticket: RequestTicket?
  let resumed: EmittedTokens

  /// - Throws: 400 for header fields that are not ours, which only a stranger can have sent.
  init(_ head: MessageHead) throws(APIError) {
    ticket = head[RequestTicket.field.lowercased()].flatMap(RequestTicket.init(parsing:))
    guard let text = head[EmittedTokens.field.lowercased()] else {
      resumed = EmittedTokens()
      return
    }
    guard let resumed = EmittedTokens(parsing: text), ticket != nil else {
      throw .badRequest("\(EmittedTokens.field) is malformed.", parameter: EmittedTokens.field)
    }
    self.resumed = resumed
  }
}

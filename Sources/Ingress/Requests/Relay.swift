import HTTP
import OpenAI
import Platform
import Routing
import Telemetry

/// One request for a completion, from its body to the end of its answer.
@Loop
final class Relay {
  /// How the request ended for its client.
  struct End {
    /// What the client was told; 499 when it had left.
    let status: Int
    /// A stream that was cut by an error event.
    var isBroken = false

    /// The client left before the end.
    static let clientGone = End(status: 499)
  }

  let service: IngressService
  let exchange: HTTPExchange
  let interruption = Interruption()
  let requestID: String
  let caller: Caller
  /// What lets any rank go on where another one was lost.
  let ticket: RequestTicket
  let deadline: Instant
  var times: RequestTimes
  /// The stream to the client, whichever ranks it comes from.
  var filter = EventFilter()
  /// The request's spans; nil where nobody wants them.
  private let trace: RequestTrace?
  /// What the present attempt is to its rank; nil where nobody wants spans.
  var attempt: TraceContext?
  /// `group/rank` of the rank that got it last.
  private var lastRank: String?

  init(_ exchange: HTTPExchange, _ service: IngressService, _ caller: Caller) {
    self.exchange = exchange
    self.caller = caller
    self.service = service
    requestID = Self.requestID(exchange.head, service)
    trace = service.spans.map { RequestTrace($0, exchange.head[TraceContext.field]) }
    ticket = RequestTicket(
      id: requestID, seed: service.draw(), created: Int(WallClock.secondsSinceEpoch))
    let arrival = Instant.now
    times = RequestTimes(arrival: arrival)
    deadline = arrival + service.options.requestTimeout
  }

  /// Serves the request and counts it.
  func run() async {
    let end: End
    do throws(APIError) {
      guard service.callers.enter(caller) else { throw callerIsBusy }
      defer { service.callers.leave(caller) }
      let request = try await read()
      exchange.onAbandon = { [interruption] in interruption.happen(.clientGone) }
      end = try await serve(request)
    } catch {
      await refuse(error)
      end = End(status: error.status)
    }
    service.metrics.ended(end.status, isBroken: end.isBroken, times, caller)
    service.queue.noteEnd()
    log(end)
    trace?.ended(
      exchange.head.path, times,
      [
        ("http.request.method", .text(exchange.head.method)), ("url.path", .text(exchange.head.path)),
        ("http.response.status_code", .integer(end.status)), ("dpdeploy.request_id", .text(requestID)),
      ], isError: end.status >= 500 || end.isBroken)
  }

  private func log(_ end: End) {
    service.accessLog?.note(
      AccessLog.Entry(
        requestID: requestID, method: exchange.head.method, path: exchange.head.path, status: end.status,
        isBroken: end.isBroken, rank: lastRank, times: times,
        clientRetries: exchange.head["x-stainless-retry-count"].flatMap { Int($0) }))
  }

  private var callerIsBusy: APIError {
    let limit = caller.maxOngoingRequests ?? 0
    return .tooManyRequests("Your key has \(limit) requests under way, as many as it may.")
  }

  /// What the relay needs to know of a request, and its bytes.
  struct Request {
    let body: [UInt8]
    let routing: RoutingRequest
    let priority: Int
  }

  private func read() async throws(APIError) -> Request {
    let body: [UInt8]
    do { body = try await exchange.readBody() } catch {
      exchange.closeAfterAnswer()
      if case .malformed(413, _) = error { throw .bodyTooLarge(limit: service.options.maxBodyBytes) }
      if error.isTimeout { throw .requestTimeout("The request's body did not arrive in time.") }
      throw .badRequest("The request's body could not be read: \(error)")
    }
    guard !service.quarantine.holds(body, at: .now) else { throw Self.quarantined }
    let policy = service.options.policy
    let outline = try service.reader.outline(body, hashingPrompt: policy == .prefixAware)
    let served = service.options.modelID
    if let model = outline.model, model != served, !service.options.servesAdapters {
      throw .unknownModel(model, served: [served])
    }
    let routing = RoutingRequest(
      pinned: try pinnedRank(),
      session: policy == .session ? SessionKey.of(exchange.head, outline, body: body) : nil,
      prefix: outline.promptBlocks, adapter: outline.model.flatMap { Self.adapter($0, of: served) })
    return Request(body: body, routing: routing, priority: outline.priority)
  }

  /// The adapter that a model's name means, whether alone or behind the base model's; nil is the model itself.
  private static func adapter(_ model: String, of base: String) -> String? {
    if model == base { return nil }
    return model.hasPrefix(base + ":") ? String(model.dropFirst(base.count + 1)) : model
  }

  private func pinnedRank() throws(APIError) -> Int? {
    guard let text = exchange.head["x-data-parallel-rank"] else { return nil }
    guard let rank = Int(text), rank >= 0 else {
      throw .badValue("A rank is a whole number.", parameter: "X-data-parallel-rank", value: text)
    }
    return rank
  }

  private func serve(_ request: Request) async throws(APIError) -> End {
    // About four bytes of JSON make a token.
    var wish = RankPool.Wish(
      routing: request.routing, tokens: request.body.count / 4, priority: request.priority,
      caller: caller.name)
    var setbacks = Setbacks(migrationLimit: service.options.migrationLimit)
    while true {
      guard let place = try await admit(wish, isRetry: !wish.failed.isEmpty) else {
        return exchange.isAnswered ? await cut("no rank was free in time") : .clientGone
      }
      lastRank = place.rank.key.description
      let start = Instant.now
      attempt = trace?.context.child()
      let outcome = await send(request, to: place, isFirst: wish.failed.isEmpty)
      place.end()
      if let attempt {
        trace?.tried(place.rank.key.description, attempt, since: start, failure: outcome.failure)
      }
      service.placesChanged(by: -1)
      switch outcome {
      case .ended(let end): return end
      case .interrupted: return exchange.isAnswered ? await cut("it was interrupted") : try interrupted()
      case .expired:
        guard exchange.isAnswered else { throw expiry }
        return await cut("its time is over")
      case .broken(let reason):
        if interruption.reason != nil || !filter.canMove || Instant.now >= deadline {
          return await cut(reason)
        }
        guard setbacks.noteBreak() else {
          return setbacks.isSuspicious ? await quarantine(request, reason) : await cut(reason)
        }
        service.metrics.stats.add(.migrations)
      case .failed(let failure):
        service.pool.reportFailure(of: place.rank)
        wish.failed.append(place.rank)
        if failure.wasRefused, service.pool.hasOther(for: wish) { continue }
        if failure.wasRefused, service.options.maxOutageWait == .zero { return await giveUp(failure) }
        guard setbacks.noteFailure(lostRank: failure.hasLostRank) else {
          if setbacks.isSuspicious { service.quarantine.add(request.body, at: .now) }
          return await giveUp(failure)
        }
        service.metrics.stats.add(.retries)
        await rest(setbacks.pause)
        continue
      }
      service.pool.reportFailure(of: place.rank)
      wish.failed.append(place.rank)
    }
  }

  /// Ends a stream that no rank survives, and keeps its request away from the others.
  private func quarantine(_ request: Request, _ reason: String) async -> End {
    service.quarantine.add(request.body, at: .now)
    return await cut("\(reason), as on the ranks before")
  }

  private static let quarantined = APIError(
    status: 500, type: "InternalServerError",
    message: "This request broke one rank after another and is not tried again for some minutes.",
    shouldRetry: false)

  /// Waits for a place; nil when the client has left meanwhile, or cannot be told a status any more.
  private func admit(_ wish: RankPool.Wish, isRetry: Bool) async throws(APIError) -> Assignment? {
    let start = Instant.now
    defer {
      times.queued += .now - start
      trace?.waited(since: start)
    }
    do throws(AdmissionRefusal) {
      let place = try await service.queue.admit(
        wish, arrival: times.arrival, isRetry: isRetry, interruption, until: deadline)
      service.placesChanged(by: 1)
      return place
    } catch {
      if exchange.isAnswered { return nil }
      switch error {
      case .refused(let refusal): throw refusal
      case .interrupted:
        _ = try interrupted()
        return nil
      case .queueFull(let seconds):
        service.metrics.stats.add(.queueFull)
        throw .overloaded("Too many requests wait already.", retryAfterSeconds: seconds)
      case .waitedTooLong(let seconds):
        service.metrics.stats.add(.queueTimeouts)
        throw .overloaded(
          "No rank had room for the request in \(service.options.maxQueueWait.wholeSeconds) s.",
          retryAfterSeconds: seconds)
      }
    }
  }

  /// The end of a request that was interrupted before anything of its answer was sent.
  private func interrupted() throws(APIError) -> End {
    switch interruption.reason {
    case .drained: throw .unavailable("This ingress replica ends; send the request again.")
    case .clientGone, nil: return .clientGone
    }
  }

  private var expiry: APIError {
    APIError(
      status: 504, type: "GatewayTimeoutError",
      message: "The request took longer than \(service.options.requestTimeout.wholeSeconds) s.",
      shouldRetry: false)
  }

  /// Lets the controller tell of a dead group before the next attempt; ends early when the client leaves.
  private func rest(_ pause: Duration) async {
    let rested = Signal()
    interruption.onHappening = { rested.fire() }
    defer { interruption.onHappening = nil }
    _ = await rested.wait(until: .after(pause))
  }

  func refuse(_ error: APIError) async {
    await exchange.respond(
      error.status, fields: error.fields + [("X-Request-Id", requestID)], body: error.body)
  }

  /// The caller's id, or one of our own.
  private static func requestID(_ head: MessageHead, _ service: IngressService) -> String {
    if let given = head["x-request-id"], !given.isEmpty { return String(given.prefix(256)) }
    let number = String(service.draw(), radix: 16)
    return "req-" + String(repeating: "0", count: 16 - number.count) + number
  }
}

extension Duration {
  /// Whole seconds, rounded to nearest, for messages.
  fileprivate var wholeSeconds: Int { Int(inSeconds.rounded()) }
}

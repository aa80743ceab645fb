import HTTP
import OpenAI
import Platform
import Telemetry

extension Relay {
  /// What came of sending the request to one rank.
  enum Outcome {
    case ended(End)
    /// The rank failed and gave nothing of an answer to the client.
    case failed(Failure)
    /// The rank's stream broke after the client had got some of it.
    case broken(String)
    /// The request was interrupted, likewise.
    case interrupted
    /// The request's time is over, likewise.
    case expired

    /// What went wrong; nil when the attempt came to its end.
    var failure: String? {
      switch self {
      case .ended: nil
      case .failed(let failure): "\(failure)"
      case .broken(let reason): reason
      case .interrupted: "interrupted"
      case .expired: "the request's time was over"
      }
    }
  }

  /// Why a rank failed: its own answer, or what broke.
  enum Failure: CustomStringConvertible {
    case answer(HeadWriter, status: Int, body: [UInt8])
    case connection(String, hadRequest: Bool)
    /// Nobody was there to take the request.
    case refused(String)

    var wasRefused: Bool { if case .refused = self { true } else { false } }

    /// Whether the rank ended, or cut the connection, while it had the request.
    var hasLostRank: Bool {
      if case .connection(_, hadRequest: true) = self { true } else { false }
    }

    var description: String {
      switch self {
      case .answer(_, let status, _): "it answered \(status)"
      case .connection(let reason, _), .refused(let reason): reason
      }
    }
  }

  /// Sends the request to a rank and relays its answer.
  func send(_ request: Request, to place: Assignment, isFirst: Bool) async -> Outcome {
    if isFirst {
      times.sent = .now
      service.metrics.sent(times)
    }
    let cancellation = HTTPCancellation()
    interruption.onHappening = { cancellation.cancel() }
    defer { interruption.onHappening = nil }
    do {
      let answer = try await place.rank.client.send(
        "POST", head: upstreamHead, body: request.body, cancellation: cancellation, until: deadline)
      if answer.head.isEventStream { return await stream(answer, place) }
      return exchange.isAnswered ? wholeAfterStream(answer) : try await whole(answer, place)
    } catch {
      if interruption.reason != nil { return .interrupted }
      if error.isTimeout, Instant.now >= deadline { return .expired }
      return .failed(
        error.isRefusedConnect ? .refused("\(error)") : .connection("\(error)", hadRequest: true))
    }
  }

  private var upstreamHead: HeadWriter {
    var head = HeadWriter(method: "POST", target: exchange.head.path, host: "localhost")
    FieldFilter.copyRequest(exchange.head, into: &head, isTraced: attempt != nil)
    if let attempt { head.field(TraceContext.field, attempt.text) }
    head.field("X-Request-Id", requestID)
    head.field(RequestTicket.field, ticket.text)
    if !filter.emitted.isEmpty { head.field(EmittedTokens.field, filter.emitted.text) }
    return head
  }

  /// The head of the client's answer but for its framing.
  func downstreamHead(_ answer: HTTPAnswer) -> HeadWriter {
    var head = HeadWriter(status: answer.head.status)
    FieldFilter.copyAnswer(answer.head, into: &head)
    head.field("X-Request-Id", requestID)
    return head
  }

  /// What goes wrong once a client has the head of a stream can only be told in that stream.
  private func wholeAfterStream(_ answer: HTTPAnswer) -> Outcome {
    answer.cancel()
    let status = answer.head.status
    return .failed(.connection("it answered \(status) when it was to go on with a stream", hadRequest: false))
  }

  /// An answer in one piece is relayed once it is complete, so that until then the request can go elsewhere.
  private func whole(_ answer: HTTPAnswer, _ place: Assignment) async throws(HTTPError) -> Outcome {
    var body: [UInt8] = []
    while let piece = try await answer.read(until: deadline) { body += piece }
    let status = answer.head.status
    guard status < 500 else {
      return .failed(.answer(downstreamHead(answer), status: status, body: body))
    }
    service.pool.reportSuccess(of: place.rank, adapter: status < 300 ? place.adapter : nil)
    measureWhole(answer.head)
    await exchange.respond(head: downstreamHead(answer), body: body)
    return .ended(exchange.isAbandoned ? .clientGone : End(status: status))
  }

  private func measureWhole(_ head: MessageHead) {
    func number(_ name: String) -> Int? { head[name].flatMap { Int($0) } }
    guard let tokens = number("x-dpdeploy-output-tokens") else { return }
    let wait = Duration.microseconds(number("x-dpdeploy-ttft-us") ?? 0)
    times.addWhole(tokens: tokens, firstAfter: wait, at: .now)
    service.metrics.sawFirstToken(times)
    service.metrics.stats.add(.generationTokens, tokens)
    service.metrics.stats.add(.promptTokens, number("x-dpdeploy-prompt-tokens") ?? 0)
  }

  /// Tells the client that the last attempt has failed too.
  func giveUp(_ failure: Failure) async -> End {
    if exchange.isAnswered { return await cut("\(failure)") }
    switch failure {
    case .answer(let head, let status, let body):
      await exchange.respond(head: head, body: body)
      return End(status: status)
    case .refused(let reason):
      let error = APIError.unavailable("No rank can be reached; the last that was tried: \(reason)")
      await refuse(error)
      return End(status: error.status)
    case .connection(let reason, _):
      let error = APIError(
        status: 502, type: "BadGatewayError", message: "Every rank that was tried failed; the last: \(reason)"
      )
      await exchange.respond(502, fields: [("X-Request-Id", requestID)], body: error.body)
      return End(status: 502)
    }
  }
}

extension MessageHead {
  fileprivate var isEventStream: Bool {
    status == 200 && (self["content-type"]?.lowercased().hasPrefix("text/event-stream") ?? false)
  }
}

extension HTTPError {
  /// Whether there was nobody to send anything to.
  fileprivate var isRefusedConnect: Bool {
    if case .system(let error) = self { error.call == "connect" } else { false }
  }
}

import HTTP
import OpenAI
import Platform

/// A request that was found good: what to generate, and in which shape to answer.
struct PreparedRequest: Sendable {
  let envelope: RequestEnvelope
  /// The adapter that it asks for; nil is the model itself.
  let adapter: AdapterSource?
  /// The ingress's ticket; nil for a client of this rank alone.
  let ticket: RequestTicket?
  /// What the client has of the answer already, from a rank that was lost.
  let resumed: EmittedTokens
  let sampling: OpenAI.SamplingParameters
  let sequences: [RequestPlanner.Sequence]
  let format: AnswerFormat

  /// The most alternatives to be told for each token of the prompt; nil when none are wanted, or the client has them from
  /// the rank before.
  func promptLogprobs(choice: Int) -> Int? {
    guard resumed.choices[choice] == nil else { return nil }
    return [sampling.promptLogprobs, sampling.echoLogprobs].compactMap(\.self).max()
  }
}

/// Sends the answer to one request, whole or as a stream.
@Loop
final class AnswerSender {
  private let service: EngineService
  private let exchange: HTTPExchange
  private let request: PreparedRequest
  private let lease: AdapterStore.Lease?
  private var opened: Set<Int>

  /// - Parameter lease: the adapter, held until the answer is complete.
  init(
    _ service: EngineService, _ exchange: HTTPExchange, _ request: PreparedRequest,
    _ lease: AdapterStore.Lease?
  ) {
    self.lease = lease
    self.service = service
    self.exchange = exchange
    self.request = request
    opened = Set(request.resumed.choices.keys)
  }

  /// Whether the ingress wants to know the token ids of a stream and the times of a whole answer.
  private var isTracked: Bool { request.ticket != nil }

  /// Generates and sends; throws what can still be told as an HTTP status.
  func run() async throws(APIError) {
    service.metrics.accepted(request.sequences, choices: request.sampling.choiceCount)
    let answer = service.begin(request, lease)
    exchange.onAbandon = { [service] in
      service.abandon(answer)
      answer.fail(.internalError("The client has gone."))
    }
    if request.envelope.isStreaming { try await stream(answer) } else { try await whole(answer) }
  }

  private var rank: (String, String) { ("X-Dpdeploy-Rank", String(service.options.dataParallelRank)) }

  private func promptTokens(_ answer: Answer) -> (String, String) {
    ("x-dpdeploy-prompt-tokens", String(answer.usagePromptTokens))
  }

  private func whole(_ answer: Answer) async throws(APIError) {
    while !answer.isFinished, answer.failure == nil { _ = await answer.nextPieces() }
    if let failure = answer.failure {
      service.abandon(answer)
      throw failure
    }
    var fields = [rank]
    if isTracked {
      let wait = answer.timeToFirstToken.map { $0.wholeNanoseconds / 1000 } ?? 0
      fields += [
        ("x-dpdeploy-ttft-us", String(wait)),
        ("x-dpdeploy-output-tokens", String(answer.usage.completionTokens)), promptTokens(answer),
      ]
    }
    let body = request.format.whole(
      answer.choices, prompts: request.sequences.map(\.prompt), usage: answer.usage)
    await exchange.respond(200, fields: fields, body: body)
  }

  /// The status is sent with the first token, so that until then the request can be sent elsewhere.
  private func stream(_ answer: Answer) async throws(APIError) {
    while true {
      let pieces = await answer.nextPieces()
      if let failure = answer.failure { return try await cut(answer, failure) }
      if !exchange.isAnswered {
        await exchange.beginStream(
          200,
          fields: [
            ("Content-Type", EventWriter.contentType), ("Cache-Control", "no-cache"),
            ("X-Accel-Buffering", "no"), rank,
          ] + (isTracked ? [promptTokens(answer)] : []))
      }
      let isLast = answer.isFinished
      await exchange.write(events(pieces, answer, isLast: isLast))
      if isLast { return await exchange.endStream() }
    }
  }

  /// Ends a stream that cannot be completed: an error event, then no `[DONE]` and no clean end.
  private func cut(_ answer: Answer, _ failure: APIError) async throws(APIError) {
    service.abandon(answer)
    guard exchange.isAnswered else { throw failure }
    await exchange.write(failure.event)
    exchange.abort()
  }

  private func events(_ pieces: [GeneratedChoice.Piece], _ answer: Answer, isLast: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    for (number, piece) in pieces.enumerated() {
      let prompt =
        opened.insert(piece.index).inserted ? request.sequences[piece.index].prompt : nil
      if let prompt,
        let opening = request.format.opening(
          piece.index, prompt: prompt, usage: usage(piece, answer, tokens: 0))
      {
        bytes += EventWriter.event(opening, emitted: emitted([], piece.index))
      }
      let endsAll = isLast && number == pieces.count - 1 && !request.envelope.includesUsage
      let chunk = request.format.chunk(
        piece, prompt: prompt, usage: usage(piece, answer, tokens: piece.completionTokens),
        isLast: endsAll)
      bytes += EventWriter.event(chunk, emitted: emitted(piece.tokens, piece.index))
    }
    guard isLast else { return bytes }
    if request.envelope.includesUsage { bytes += EventWriter.event(request.format.usageChunk(answer.usage)) }
    return bytes + EventWriter.done
  }

  private func emitted(_ tokens: [Int32], _ choice: Int) -> EmittedTokens? {
    guard isTracked else { return nil }
    var emitted = EmittedTokens()
    emitted.add(tokens, choice: choice)
    return emitted
  }

  /// The usage so far, when every chunk is to tell it.
  private func usage(_ piece: GeneratedChoice.Piece, _ answer: Answer, tokens: Int) -> TokenUsage? {
    guard request.envelope.hasContinuousUsage else { return nil }
    return TokenUsage(promptTokens: answer.usagePromptTokens, completionTokens: tokens)
  }
}

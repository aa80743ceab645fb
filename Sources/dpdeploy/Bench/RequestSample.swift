import Platform

/// What the client of one request saw, in the terms of `vllm bench serve`.
struct RequestSample: Sendable {
  var start: Instant
  var firstToken: Instant?
  var lastToken: Instant?
  var end: Instant
  var promptTokens = 0
  var outputTokens = 0
  /// The times between one piece of text and the next, in seconds (ITL).
  var gaps: [Double] = []
  var failure: CompletionError?

  init(start: Instant) {
    self.start = start
    end = start
  }

  /// Time to first token, in seconds; nil when there was none.
  var ttft: Double? { firstToken.map { ($0 - start).inSeconds } }

  /// Time per output token after the first, in seconds; nil with fewer than two tokens.
  var tpot: Double? {
    guard let firstToken, let lastToken, outputTokens > 1 else { return nil }
    return (lastToken - firstToken).inSeconds / Double(outputTokens - 1)
  }

  /// End-to-end latency, in seconds: from the request to the last token.
  var e2el: Double? { lastToken.map { ($0 - start).inSeconds } }

  /// Takes a piece of text that arrived at `now`.
  mutating func takeText(at now: Instant) {
    if let lastToken { gaps.append((now - lastToken).inSeconds) }
    firstToken = firstToken ?? now
    lastToken = now
  }

  /// Takes the usage, which follows at once upon the token that ends a text and has none of its own.
  mutating func takeUsage(promptTokens: Int, outputTokens: Int, at now: Instant) {
    lastToken = now
    self.promptTokens = promptTokens
    self.outputTokens = outputTokens
  }
}

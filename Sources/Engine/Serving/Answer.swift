import OpenAI
import Platform
import Scheduling
import Tokenizer

/// The choices of one HTTP request while they are generated, and what of them was not yet sent.
@Loop
final class Answer {
  /// When each choice met its milestones.
  struct Times {
    let arrival: Instant
    var admitted: Instant?
    var first: Instant?
    var last: Instant?
    /// Tokens that the prefix cache had when the choice was admitted.
    var cachedTokens = 0
    /// How often it lost its KV blocks.
    var preemptions = 0
  }

  private(set) var choices: [GeneratedChoice]
  private(set) var times: [Times]
  /// Why the answer cannot be completed.
  private(set) var failure: APIError?
  let ids: [RequestID]
  let usagePromptTokens: Int
  private var pieces: [GeneratedChoice.Piece] = []
  private var news = Signal()

  init(ids: [RequestID], choices: [GeneratedChoice], usagePromptTokens: Int) {
    self.ids = ids
    self.choices = choices
    self.usagePromptTokens = usagePromptTokens
    times = [Times](repeating: Times(arrival: .now), count: choices.count)
  }

  /// Whether every choice has ended.
  var isFinished: Bool { choices.allSatisfy { $0.finish != nil } }

  var usage: TokenUsage {
    TokenUsage(promptTokens: usagePromptTokens, completionTokens: choices.reduce(0) { $0 + $1.tokens.count })
  }

  /// The time to the first token of any choice, in microseconds.
  var timeToFirstToken: Duration? {
    times.compactMap { times in times.first.map { $0 - times.arrival } }.min()
  }

  /// Notes that a choice began to be computed; what is admitted again after a preemption began before.
  func admit(_ index: Int, at time: Instant, cachedTokens: Int) {
    guard times[index].admitted == nil else { return }
    times[index].admitted = time
    times[index].cachedTokens = min(cachedTokens, choices[index].promptTokens)
  }

  /// Notes that a choice lost its KV blocks.
  func preempt(_ index: Int) { times[index].preemptions += 1 }

  /// Adds a token to a choice and returns what it led to; nil when the choice has ended already.
  func take(
    _ new: StepReport.NewToken, choice index: Int, _ tokenizer: Tokenizer
  ) -> GeneratedChoice.Piece? {
    guard choices[index].finish == nil else { return nil }
    let piece = choices[index].take(
      new.token, new.distribution, prompt: new.prompt, end: new.end, tokenizer)
    pieces.append(piece)
    news.fire()
    return piece
  }

  /// Notes the time of a token; returns the time since the one before, or nil for the first.
  func mark(_ index: Int, at time: Instant) -> Duration? {
    defer {
      if times[index].first == nil { times[index].first = time }
      times[index].last = time
    }
    return times[index].last.map { time - $0 }
  }

  /// Gives the answer up.
  func fail(_ error: APIError) {
    failure = failure ?? error
    news.fire()
  }

  /// The pieces since the last call, as soon as there are any; none when everything was told, or the answer failed.
  ///
  /// Ends by the engine: a token, an end or a failure comes for every sequence that it took.
  func nextPieces() async -> [GeneratedChoice.Piece] {
    while pieces.isEmpty, failure == nil, !isFinished {
      news = Signal()
      _ = await news.wait(until: .never)
    }
    defer { pieces = [] }
    return pieces
  }
}

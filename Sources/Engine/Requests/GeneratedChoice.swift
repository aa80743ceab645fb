import OpenAI
import Tokenizer

/// The text of one choice as its tokens come: detokenised, looked through for stop strings, counted.
struct GeneratedChoice {
  /// What a token added.
  struct Piece: Equatable {
    let index: Int
    var text: String
    var tokens: [Int32]
    var finish: Finish?
    /// The log probabilities of its token, behind those of the prompt where that is repeated with them.
    var logprobs: [TokenLogprob] = []
    /// Where the text begins in the choice's whole text, in characters.
    var textOffset = 0
    /// Tokens of the choice so far, this one included.
    var completionTokens = 0
  }

  /// What the request said about text.
  struct Rules: Sendable {
    var stop: [String] = []
    var includesStop = false
    var skipsSpecialTokens = true
    var minTokens = 0
    /// Tokens that the caller named, as against the model's own end.
    var stopTokens: Set<Int32> = []
    /// Alternatives told for each token of the prompt, apart from the text.
    var promptLogprobs: Int?
    /// Alternatives told for each token of a prompt that is repeated.
    var echoLogprobs: Int?
    /// Whether nothing follows the repeated prompt.
    var generatesNothing = false

    init(_ sampling: OpenAI.SamplingParameters) {
      stop = sampling.stop
      includesStop = sampling.includesStopString
      skipsSpecialTokens = sampling.skipsSpecialTokens
      minTokens = sampling.minTokens
      stopTokens = Set(sampling.stopTokenIDs.map(Int32.init))
      promptLogprobs = sampling.promptLogprobs
      echoLogprobs = sampling.echoLogprobs
      generatesNothing = sampling.generatesNothing
    }
  }

  let index: Int
  let promptTokens: Int
  private(set) var text = ""
  private(set) var tokens: [Int32] = []
  /// The tokens' log probabilities, where they were asked for; of the prompt's too, where it is repeated.
  private(set) var logprobs: [TokenLogprob] = []
  /// The log probabilities of the prompt's tokens, where they were asked for apart from the text.
  private(set) var promptLogprobs: [PromptTokenLogprobs?]?
  /// How it ended; nil while it goes on.
  private(set) var finish: Finish?
  private let rules: Rules
  private let echo: String
  private var detokenizer = StreamingDetokenizer()
  private var matcher: StopMatcher

  /// A choice of which the client has `task.resumed` already: it goes on as if this rank had made those.
  init(
    index: Int, resuming task: GenerationTask, rules: Rules, echo: String = "", _ tokenizer: Tokenizer
  ) {
    self.init(index: index, promptTokens: task.prompt.count, rules: rules, echo: echo)
    for token in task.resumed {
      guard finish == nil else { return }
      _ = take(token, end: task.end(after: tokens.count + 1, last: token), tokenizer)
    }
  }

  /// - Parameter echo: the prompt's text, to stand before the first token's; a stop string in it does not count.
  init(index: Int, promptTokens: Int, rules: Rules, echo: String = "") {
    self.index = index
    self.echo = echo
    self.promptTokens = promptTokens
    self.rules = rules
    matcher = StopMatcher(rules.stop, includesStop: rules.includesStop)
  }

  /// Adds a token; the piece has a finish when the sequence ended, or when a stop string did.
  mutating func take(
    _ token: Int32, _ distribution: TokenDistribution? = nil, prompt: PromptScore? = nil, end: SequenceEnd?,
    _ tokenizer: Tokenizer
  ) -> Piece {
    if let prompt { note(prompt, tokenizer) }
    if rules.generatesNothing { return endWithEcho() }
    tokens.append(token)
    var fresh = isShown(token, end, tokenizer) ? detokenizer.append(tokenizer.bytes(of: token) ?? []) : ""
    if let end {
      fresh += detokenizer.finish()
      finish = Self.finish(end, rules)
    }
    let shown = (tokens.count == 1 ? echo : "") + match(fresh)
    var piece = Piece(index: index, text: shown, tokens: [token], finish: finish)
    piece.completionTokens = tokens.count
    if let distribution {
      let logprob = TokenLogprob(distribution, tokenizer)
      piece.logprobs = (tokens.count == 1 ? logprobs : []) + [logprob]
      logprobs.append(logprob)
      piece.textOffset = text.count
    }
    text += shown
    return piece
  }

  private mutating func note(_ prompt: PromptScore, _ tokenizer: Tokenizer) {
    if let count = rules.promptLogprobs {
      let rest: [PromptTokenLogprobs?] = prompt.rest.map { PromptTokenLogprobs($0, count, tokenizer) }
      promptLogprobs = [nil] + rest
    }
    if let count = rules.echoLogprobs {
      logprobs = [TokenLogprob(first: prompt.first, tokenizer)]
      logprobs += prompt.rest.map { TokenLogprob($0, tokenizer, top: count) }
    }
  }

  private mutating func endWithEcho() -> Piece {
    finish = Finish(.length)
    text = echo
    var piece = Piece(index: index, text: echo, tokens: [], finish: finish)
    piece.logprobs = logprobs
    return piece
  }

  /// Whether the token is part of the text: not when it is what ended the text, nor a control token unless wanted.
  private func isShown(_ token: Int32, _ end: SequenceEnd?, _ tokenizer: Tokenizer) -> Bool {
    if case .endToken = end, !rules.includesStop { return false }
    return !rules.skipsSpecialTokens || !tokenizer.isSpecial(token)
  }

  private static func finish(_ end: SequenceEnd, _ rules: Rules) -> Finish {
    switch end {
    case .length: Finish(.length)
    case .endToken(let token):
      Finish(.stop, stop: rules.stopTokens.contains(token) ? .token(Int(token)) : nil)
    }
  }

  private mutating func match(_ fresh: String) -> String {
    // Text of the tokens that must come anyway cannot stop the choice (vLLM's meaning of min_tokens).
    guard tokens.count > rules.minTokens else { return fresh }
    switch matcher.append(fresh) {
    case .text(let text): return finish == nil ? text : text + matcher.finish()
    case .stopped(let text, let stop):
      finish = Finish(.stop, stop: .text(stop))
      return text
    }
  }
}

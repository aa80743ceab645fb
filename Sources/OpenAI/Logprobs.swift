/// A token's log probability and the likeliest tokens at its place.
public struct TokenLogprob: Sendable, Equatable {
  /// One token that could have come.
  public struct Candidate: Sendable, Equatable {
    /// The token's text.
    public var text: String
    /// The token's bytes, which may be no text by themselves.
    public var bytes: [UInt8]
    /// The natural logarithm of its probability; nil for a prompt's first token, which comes after nothing.
    public var logprob: Double?

    /// A candidate.
    public init(text: String, bytes: [UInt8], logprob: Double?) {
      self.text = text
      self.bytes = bytes
      self.logprob = logprob
    }
  }

  /// The token that came.
  public var chosen: Candidate
  /// The likeliest tokens, as many as were asked for, in falling order.
  public var top: [Candidate]

  /// A token's log probabilities.
  public init(chosen: Candidate, top: [Candidate]) {
    self.chosen = chosen
    self.top = top
  }
}

extension JSONWriter {
  /// `{"tokens","token_logprobs","top_logprobs","text_offset"}` of a text completion; `offset` is where the first
  /// token begins in the answer's text, in characters.
  mutating func completionLogprobs(_ tokens: [TokenLogprob]?, offset: Int) {
    guard let tokens else { return raw(",\"logprobs\":null") }
    raw(",\"logprobs\":{\"text_offset\":")
    var next = offset
    array(tokens) { json, token in
      json.integer(next)
      next += token.chosen.text.count
    }
    raw(",\"token_logprobs\":")
    array(tokens) { $0.logprob($1.chosen.logprob) }
    raw(",\"tokens\":")
    array(tokens) { $0.string($1.chosen.text) }
    raw(",\"top_logprobs\":")
    array(tokens) { json, token in
      if token.chosen.logprob == nil { json.raw("null") } else { json.topLogprobs(token.top) }
    }
    raw("}")
  }

  private mutating func topLogprobs(_ candidates: [TokenLogprob.Candidate]) {
    raw("{")
    for (index, candidate) in candidates.enumerated() {
      if index > 0 { raw(",") }
      string(candidate.text)
      raw(":")
      logprob(candidate.logprob)
    }
    raw("}")
  }

  /// `{"content":[…]}` of a chat completion.
  mutating func chatLogprobs(_ tokens: [TokenLogprob]?) {
    guard let tokens else { return raw(",\"logprobs\":null") }
    raw(",\"logprobs\":{\"content\":")
    array(tokens) { json, token in
      json.candidate(token.chosen)
      json.raw(",\"top_logprobs\":")
      json.array(token.top) { json, candidate in
        json.candidate(candidate)
        json.raw("}")
      }
      json.raw("}")
    }
    raw("}")
  }

  /// A candidate without its closing brace.
  private mutating func candidate(_ candidate: TokenLogprob.Candidate) {
    raw("{\"token\":")
    string(candidate.text)
    raw(",\"logprob\":")
    logprob(candidate.logprob)
    raw(",\"bytes\":")
    array(candidate.bytes) { $0.integer($1) }
  }

  /// As vLLM does, an impossible token gets -9999, since JSON has no infinity.
  mutating func logprob(_ value: Double?) {
    if let value { number(max(value, -9999)) } else { raw("null") }
  }
}

/// The likeliest tokens at a place of the prompt, and the one that stands there: an entry of vLLM's `prompt_logprobs`.
public struct PromptTokenLogprobs: Sendable, Equatable {
  /// One token that could have stood there.
  public struct Candidate: Sendable, Equatable {
    /// The token's id.
    public var id: Int
    /// The token's text.
    public var text: String
    /// The natural logarithm of its probability.
    public var logprob: Double
    /// Its place among all tokens, the likeliest being 1.
    public var rank: Int

    /// A candidate.
    public init(id: Int, text: String, logprob: Double, rank: Int) {
      self.id = id
      self.text = text
      self.logprob = logprob
      self.rank = rank
    }
  }

  /// The token that stands there, then the likeliest others.
  public var candidates: [Candidate]

  /// The candidates of one place, no id twice.
  public init(_ candidates: [Candidate]) { self.candidates = candidates }
}

extension JSONWriter {
  /// `"prompt_logprobs"`: an object by token id for each token of the prompt, null for the first.
  mutating func promptLogprobs(_ tokens: [PromptTokenLogprobs?]?) {
    raw(",\"prompt_logprobs\":")
    guard let tokens else { return raw("null") }
    array(tokens) { json, token in
      guard let token else { return json.raw("null") }
      json.raw("{")
      for (index, candidate) in token.candidates.enumerated() {
        if index > 0 { json.raw(",") }
        json.string(String(candidate.id))
        json.raw(":{\"logprob\":")
        json.logprob(candidate.logprob)
        json.raw(",\"rank\":")
        json.integer(candidate.rank)
        json.raw(",\"decoded_token\":")
        json.string(candidate.text)
        json.raw("}")
      }
      json.raw("}")
    }
  }
}

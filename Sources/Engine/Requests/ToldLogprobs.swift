import OpenAI
import Tokenizer

// Distributions in the API's words: with the tokens' texts.

extension TokenLogprob {
  /// A token and the `count` likeliest ones, or as many as are known.
  init(_ distribution: TokenDistribution, _ tokenizer: Tokenizer, top count: Int = .max) {
    self.init(
      chosen: Candidate(distribution.chosen, tokenizer),
      top: distribution.top.prefix(count).map { Candidate($0, tokenizer) })
  }

  /// The first token of a prompt, of which no probability is known.
  init(first token: Int32, _ tokenizer: Tokenizer) {
    let bytes = tokenizer.bytes(of: token) ?? []
    self.init(
      chosen: Candidate(text: String(decoding: bytes, as: UTF8.self), bytes: bytes, logprob: nil), top: [])
  }
}

extension TokenLogprob.Candidate {
  fileprivate init(_ entry: TokenDistribution.Entry, _ tokenizer: Tokenizer) {
    let bytes = tokenizer.bytes(of: entry.token) ?? []
    self.init(text: String(decoding: bytes, as: UTF8.self), bytes: bytes, logprob: Double(entry.logprob))
  }
}

extension PromptTokenLogprobs {
  /// The prompt's token, and those of the `count` likeliest ones that are others.
  init(_ distribution: TokenDistribution, _ count: Int, _ tokenizer: Tokenizer) {
    func candidate(_ entry: TokenDistribution.Entry, _ rank: Int) -> Candidate {
      Candidate(
        id: Int(entry.token), text: String(decoding: tokenizer.bytes(of: entry.token) ?? [], as: UTF8.self),
        logprob: Double(entry.logprob), rank: rank)
    }
    let others = distribution.top.prefix(count).enumerated().filter {
      $0.element.token != distribution.chosen.token
    }
    self.init(
      [candidate(distribution.chosen, distribution.chosenRank)]
        + others.map { candidate($0.element, $0.offset + 1) })
  }
}

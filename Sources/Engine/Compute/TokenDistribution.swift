import Glibc

/// The log probabilities that a request wants to know of one draw, from the logits as the model gave them.
struct TokenDistribution: Equatable, Sendable {
  /// A token and the natural logarithm of its probability.
  struct Entry: Equatable, Sendable {
    let token: Int32
    let logprob: Float
  }

  /// The likeliest tokens, in falling order; the lower id first on a tie.
  let top: [Entry]
  /// The token that was drawn.
  let chosen: Entry
  /// How many tokens are at least as likely as that one, itself included.
  let chosenRank: Int

  /// - Parameters:
  ///   - logits: the raw logits of the draw, not empty.
  ///   - chosen: the token that was drawn.
  ///   - count: how many of the likeliest tokens to tell.
  init(_ logits: [Float], chosen: Int32, top count: Int) {
    let greatest = logits.max() ?? 0
    let sum = logits.reduce(0.0) { $0 + exp(Double($1 - greatest)) }
    let logSum = Double(greatest) + log(sum)
    let entry: (Int32) -> Entry = { Entry(token: $0, logprob: Float(Double(logits[Int($0)]) - logSum)) }
    self.chosen = entry(chosen)
    chosenRank = logits.count { $0 >= logits[Int(chosen)] }
    top = Self.likeliest(logits, count).map(entry)
  }

  private static func likeliest(_ logits: [Float], _ count: Int) -> [Int32] {
    var best: [Int32] = []
    for token in logits.indices where count > 0 {
      if best.count == count, let last = best.last, logits[token] <= logits[Int(last)] { continue }
      let place = best.firstIndex { logits[token] > logits[Int($0)] } ?? best.count
      best.insert(Int32(token), at: place)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}

/// What a request changes of the logits before a token is drawn, in vLLM's order: bias, repetition, frequency, presence.
struct LogitShaping: Equatable, Sendable {
  /// Added to the logits of these tokens.
  var bias: [Int32: Float] = [:]
  /// Divides positive and multiplies negative logits of tokens in prompt or output; 1 is none.
  var repetition: Float = 1
  /// Subtracted for every time that a token occurs in the output.
  var frequency: Float = 0
  /// Subtracted when a token occurs in the output.
  var presence: Float = 0

  /// Whether logits stay as they are.
  var isNone: Bool { self == LogitShaping() }

  /// Changes one row of logits.
  ///
  /// - Parameters:
  ///   - prompt: the tokens of the prompt.
  ///   - output: how often each token occurs in the output.
  func apply(to logits: UnsafeMutableBufferPointer<Float>, prompt: Set<Int32>, output: [Int32: Int]) {
    for (token, value) in bias where logits.indices.contains(Int(token)) { logits[Int(token)] += value }
    if repetition != 1 {
      for token in prompt.union(output.keys) {
        let logit = logits[Int(token)]
        logits[Int(token)] = logit > 0 ? logit / repetition : logit * repetition
      }
    }
    for (token, count) in output { logits[Int(token)] -= frequency * Float(count) + presence }
  }
}

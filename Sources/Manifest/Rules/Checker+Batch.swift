extension Checker {
  /// vLLM's rule: a step must have room for one token of every sequence.
  mutating func checkBatch() {
    guard isGiven(FieldPath.maxNumBatchedTokens), isGiven(FieldPath.maxNumSeqs),
      let tokens = integer(FieldPath.maxNumBatchedTokens), let sequences = integer(FieldPath.maxNumSeqs),
      tokens < sequences
    else { return }
    diagnostics.report(
      .conflict,
      "`max_num_batched_tokens` must be at least `max_num_seqs`: need \(sequences), have \(tokens)",
      at: span(FieldPath.maxNumBatchedTokens), note: mention(FieldPath.maxNumSeqs),
      help: "raise `max_num_batched_tokens` to \(sequences), or lower `max_num_seqs`")
  }

  /// Sequences a rank runs at once: not more than a given token budget has room for, as in vLLM.
  var sequencesInEffect: Int {
    let sequences = integer(FieldPath.maxNumSeqs) ?? 256
    guard !isGiven(FieldPath.maxNumSeqs), let tokens = integer(FieldPath.maxNumBatchedTokens) else {
      return sequences
    }
    return min(sequences, tokens)
  }

  /// The token budget of a step.
  var batchedTokensInEffect: Int {
    integer(FieldPath.maxNumBatchedTokens) ?? max(Self.defaultBatchedTokens, sequencesInEffect)
  }

  /// vLLM's default for a server on a CPU.
  static let defaultBatchedTokens = 2048
}

extension Checker {
  /// What a step cannot do: overlap an exchange that there is not, or hold a prompt that is longer than it.
  mutating func checkSteps() {
    // The bundled engine shares experts out whatever the manifest says.
    if engine == .vllm, flag(FieldPath.dbo) == true, flag(FieldPath.expertParallel) == false {
      diagnostics.report(
        .conflict,
        "`enable_dbo` needs `enable_expert_parallel`: without it no rows travel that a step could overlap",
        at: span(FieldPath.dbo), note: mention(FieldPath.expertParallel),
        help: "remove `enable_dbo`, or set `enable_expert_parallel` to true")
    }
    guard flag(FieldPath.chunkedPrefill) == false, let longest = integer(FieldPath.maxModelLen),
      batchedTokensInEffect < longest
    else { return }
    diagnostics.report(
      .conflict,
      "without `enable_chunked_prefill` a step must hold `max_model_len` tokens: need \(longest), have \(batchedTokensInEffect)",
      at: span(FieldPath.chunkedPrefill), note: mention(FieldPath.maxModelLen),
      help: "raise `max_num_batched_tokens` to \(longest), or remove `enable_chunked_prefill`")
  }
}

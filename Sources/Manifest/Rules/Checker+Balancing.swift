extension Checker {
  /// vLLM's rule: redundant experts are for the balancer to place.
  mutating func checkBalancing() {
    guard let redundant = integer(FieldPath.redundantExperts), redundant > 0, flag(FieldPath.eplb) != true
    else { return }
    diagnostics.report(
      .conflict, "`num_redundant_experts` needs `enable_eplb`", at: span(FieldPath.redundantExperts),
      note: mention(FieldPath.eplb),
      help: "set `enable_eplb` to true, or remove `num_redundant_experts`")
  }
}

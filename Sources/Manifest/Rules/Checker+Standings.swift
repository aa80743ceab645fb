extension Checker {
  /// Warns about every field that was given a value and does nothing with it.
  mutating func checkStandings() {
    for entry in ManifestSchema.entries {
      guard let read = values[entry.path], read.value != entry.field.fallback,
        !entry.field.neutral.contains(read.value)
      else { continue }
      let name = entry.field.name
      switch entry.standing(on: engine) {
      case .inEffect: continue
      case .notYet(let meanwhile):
        diagnostics.report(
          .notInEffect, "`\(name)` is not in effect yet: \(meanwhile)", at: read.keySpan)
      case .noEffect(let reason):
        diagnostics.report(.noEffect, "`\(name)` has no effect here: \(reason)", at: read.keySpan)
      }
    }
  }

  /// The rules of single fields that are more than a type.
  mutating func checkOperation() {
    if let perNode = values[FieldPath.sizePerNode] {
      diagnostics.report(
        .differs, "`dp_size_per_node` is honoured strictly here; current Ray accepts and ignores it",
        at: perNode.keySpan)
    }
    if engine == .vllm, let policy = values[FieldPath.failurePolicy], policy.value == .text("recover") {
      diagnostics.report(
        .noEffect, "`failure_policy: recover` has no effect here: a rank of vLLM cannot rejoin its group",
        at: policy.keySpan, help: "write `restart_gang`, which is what happens")
    }
    if let overlap = values[FieldPath.dbo], overlap.value == .boolean(true) {
      diagnostics.report(
        .differs, "`enable_dbo` is Dual Batch Overlap, not a saving of memory as some guides have it",
        at: overlap.keySpan, note: "it hides communication behind computing and costs memory")
    }
  }
}

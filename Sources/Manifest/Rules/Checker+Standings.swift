extension Checker {
  /// Warns about every field that was given a value and does nothing with it.
  mutating func checkStandings() {
    for entry in ManifestSchema.entries {
      guard let read = values[entry.path], read.value != entry.field.fallback,
        !entry.field.neutral.contains(read.value)
      else { continue }
      let name = entry.field.name
      switch entry.field.bundled {
      case .inEffect: continue
      case .notYet(let meanwhile):
        diagnostics.report(
          .notInEffect, "`\(name)` is not in effect yet: \(meanwhile)", at: read.keySpan,
          note: Self.correction(entry.path))
      case .noEffect(let reason):
        diagnostics.report(.noEffect, "`\(name)` has no effect here: \(reason)", at: read.keySpan)
      }
    }
  }

  /// What guides say about a field and is not so.
  private static func correction(_ path: String) -> String? {
    guard path == FieldPath.dbo else { return nil }
    return
      "DBO is Dual Batch Overlap: it hides communication behind computing and costs memory; it does not save any"
  }

  /// The rules of single fields that are more than a type.
  mutating func checkOperation() {
    if let perNode = values[FieldPath.sizePerNode] {
      diagnostics.report(
        .differs, "`dp_size_per_node` is honoured strictly here; current Ray accepts and ignores it",
        at: perNode.keySpan)
    }
  }
}

extension Checker {
  /// Says of every variable of the ranks what it does here, and which version of vLLM lost it.
  mutating func checkVariables() {
    guard let read = values[FieldPath.variables], case .map(let members) = read.value else { return }
    for member in members {
      guard case .text(let value) = member.value else { continue }
      check(member.key, value, at: read.itemSpans[member.key] ?? read.keySpan)
    }
  }

  private mutating func check(_ name: String, _ value: String, at span: SourceSpan) {
    let history = name.hasPrefix(VLLMVariables.prefix) ? Self.history(of: name) : nil
    guard let known = KnownVariable.named(name) else {
      if engine == .bundled, name.hasPrefix(VLLMVariables.prefix) { checkUndescribed(name, at: span) }
      return
    }
    if let danger = known.danger?(value) {
      diagnostics.report(
        danger.code, "`\(name)` \(danger.message)", at: span,
        note: engine == .bundled ? Self.effect(of: known) : nil, help: danger.help)
      return
    }
    let help = known.instead.map { "vLLM takes \($0) in its place" }
    // What a release of vLLM does with a variable is its own rules' business.
    guard engine == .bundled else { return }
    switch known.bundled {
    case .inEffect:
      if name == KnownVariable.chunkSizeName { checkChunkSize(value, at: span) }
      if name == KnownVariable.backendName { checkBackend(value, at: span) }
      if let history {
        diagnostics.report(.differs, "`\(name)` is in effect here; \(history)", at: span, help: help)
      }
    case .notYet(let meanwhile):
      diagnostics.report(
        .notInEffect, "`\(name)` is not in effect yet: \(meanwhile)", at: span, note: history, help: help)
    case .noEffect(let reason):
      diagnostics.report(
        .noEffect, "`\(name)` has no effect here: \(reason)", at: span, note: history, help: help)
    }
  }

  private mutating func checkUndescribed(_ name: String, at span: SourceSpan) {
    switch VLLMVariables.standing(of: name) {
    case .current:
      diagnostics.report(.noEffect, "`\(name)` has no effect here: it is vLLM's", at: span)
    case .gone(let last, let goneBy):
      diagnostics.report(
        .unknownVariable, "`\(name)` is no longer a variable of vLLM: \(last) has it, \(goneBy) does not",
        at: span,
        help: "remove it")
    case .unknown:
      diagnostics.report(
        .unknownVariable, "no release of vLLM up to \(VLLMVariables.newestRelease) reads `\(name)`", at: span,
        help: Suggestion.sentence(for: name, among: VLLMVariables.allNames))
    }
  }

  private mutating func checkChunkSize(_ value: String, at span: SourceSpan) {
    guard Self.chunkSize(value) == nil else { return }
    diagnostics.report(
      .badValue, "`\(KnownVariable.chunkSizeName)` must be 1 to 65536, found `\(value)`", at: span,
      help: "256 is vLLM's default")
  }

  private mutating func checkBackend(_ value: String, at span: SourceSpan) {
    guard let field = ManifestSchema.entry(at: FieldPath.backendOfExperts)?.field,
      case .choice(let words, _) = field.kind, !words.contains(value)
    else { return }
    diagnostics.report(
      .badValue, "`\(KnownVariable.backendName)` cannot be `\(value)` here", at: span,
      help: "write \(words.map { "`\($0)`" }.joined(separator: ", ")), or leave it out")
  }

  static func chunkSize(_ value: String) -> Int? {
    Int(value).flatMap { (1...65_536).contains($0) ? $0 : nil }
  }

  private static func effect(of known: KnownVariable) -> String? {
    switch known.bundled {
    case .inEffect: nil
    case .notYet(let meanwhile): "not in effect on the bundled engine yet: \(meanwhile)"
    case .noEffect(let reason): "no effect on the bundled engine: \(reason)"
    }
  }

  private static func history(of name: String) -> String? {
    guard case .gone(let last, let goneBy) = VLLMVariables.standing(of: name) else { return nil }
    return "vLLM \(last) reads it, \(goneBy) no longer does"
  }
}

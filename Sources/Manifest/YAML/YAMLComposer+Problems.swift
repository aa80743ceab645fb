extension YAMLComposer {
  /// libyaml's complaint in the words of someone who wrote YAML, not a YAML parser.
  func explain(_ problem: YAMLProblem) -> Diagnostic {
    if let tab = tabDiagnostic(near: problem.span) { return tab }
    let isColonMissing = problem.text == "could not find expected ':'"
    if isPastTheEnd(problem.span), !isColonMissing { return unfinished(problem) }
    let note = problem.context.map { context in
      context + (problem.contextSpan.map { " (line \($0.line))" } ?? "")
    }
    return Diagnostic(
      .syntax, Self.rephrased(problem), span: (isColonMissing ? problem.contextSpan : nil) ?? problem.span,
      note: note,
      help: Self.help(problem))
  }

  /// A tab in the indentation of the line at fault or the one above is the cause, whatever libyaml calls it.
  private func tabDiagnostic(near span: SourceSpan) -> Diagnostic? {
    let lines = sourceLines
    for line in [span.line, span.line - 1] where lines.indices.contains(line - 1) {
      let indent = lines[line - 1].prefix { $0 == " " || $0 == "\t" }
      guard let tab = indent.firstIndex(of: "\t") else { continue }
      let column = indent.distance(from: indent.startIndex, to: tab) + 1
      return Diagnostic(
        .tab, "a tab indents this line; YAML wants spaces", span: SourceSpan(line: line, column: column),
        help: "replace the tab by two spaces")
    }
    return nil
  }

  /// At the end of the text there is nothing to see; what was never closed is, or else the last thing written.
  private func unfinished(_ problem: YAMLProblem) -> Diagnostic {
    if let opening = problem.contextSpan, !isPastTheEnd(opening) {
      return Diagnostic(
        .syntax, "this is never closed", span: opening, help: "add the missing quote or bracket")
    }
    let lines = sourceLines.enumerated().reversed()
    let last = lines.first { !$0.element.allSatisfy(\.isWhitespace) }
    let place = last.map { SourceSpan(line: $0.offset + 1, column: $0.element.unicodeScalars.count) }
    return Diagnostic(
      .syntax, "the text ends too early", span: place ?? problem.span,
      help: "something begun here is not complete")
  }

  private func isPastTheEnd(_ span: SourceSpan) -> Bool {
    let rest = sourceLines.dropFirst(span.line - 1)
    guard let line = rest.first else { return true }
    return line.unicodeScalars.count < span.column
      && rest.dropFirst().allSatisfy { $0.allSatisfy(\.isWhitespace) }
  }

  private static func rephrased(_ problem: YAMLProblem) -> String {
    switch problem.text {
    case "mapping values are not allowed in this context": "a `:` is not allowed here"
    case "did not find expected key": "this line is indented differently from its neighbours"
    case "could not find expected ':'": "a `:` is missing after the key"
    case "found character that cannot start any token": "this character cannot start a value"
    case "did not find expected ',' or ']'": "a `,` or `]` is missing"
    case "did not find expected ',' or '}'": "a `,` or `}` is missing"
    default: problem.text
    }
  }

  private static func help(_ problem: YAMLProblem) -> String? {
    switch problem.text {
    case "mapping values are not allowed in this context":
      "quote the value if the colon belongs to it, or check the indent of the line above"
    case "did not find expected key": "give the keys of one mapping the same indent"
    case "could not find expected ':'": "write `key: value`, with a space after the colon"
    case "found character that cannot start any token": "quote the value: \"...\""
    case "control characters are not allowed": "remove the invisible character"
    default: nil
    }
  }
}

/// Collects what there is to say about one source, so that a run tells everything at once.
package struct DiagnosticList {
  /// The file all of it is about.
  package let file: String
  package private(set) var all: [Diagnostic] = []

  package init(file: String) {
    self.file = file
  }

  var hasErrors: Bool { all.contains { $0.severity == .error } }

  /// In order of the file; remarks without a place come last.
  package var inOrder: [Diagnostic] {
    all.enumerated().sorted { left, right in
      place(left.element, left.offset) < place(right.element, right.offset)
    }.map(\.element)
  }

  mutating func add(_ diagnostics: [Diagnostic]) { all += diagnostics }

  package mutating func report(
    _ code: DiagnosticCode, _ message: String, at span: SourceSpan?, note: String? = nil, help: String? = nil,
    severity: Diagnostic.Severity? = nil
  ) {
    all.append(
      Diagnostic(code, message, file: file, span: span, note: note, help: help, severity: severity))
  }

  private func place(_ diagnostic: Diagnostic, _ position: Int) -> (Int, Int, Int) {
    (diagnostic.span?.line ?? .max, diagnostic.span?.column ?? .max, position)
  }
}

public import Manifest

/// Shows diagnostics in rustc's shape: message, place, the source line with the span underlined, note, help.
public struct DiagnosticRenderer: Sendable {
  /// The colours to use.
  public let style: Style
  private let source: ManifestSource?

  /// Makes a renderer for the remarks on one source; without one, no excerpts are shown.
  public init(style: Style, source: ManifestSource? = nil) {
    self.style = style
    self.source = source
  }

  /// One diagnostic as lines, each ended.
  public func render(_ diagnostic: Diagnostic) -> String {
    var text = "\(label(diagnostic.severity, "\(diagnostic.severity.rawValue)[\(diagnostic.code)]"))"
    text += style.bold(": " + Self.printable(diagnostic.message)) + "\n"
    let number = diagnostic.span.map { String($0.line) } ?? ""
    let gutter = String(repeating: " ", count: number.count)
    if let file = diagnostic.file {
      let place = diagnostic.span.map { "\(file):\($0.line):\($0.column)" } ?? file
      text += gutter + style.blue("--> ") + Self.printable(place) + "\n"
    }
    let hasExcerpt = appendExcerpt(diagnostic, number, gutter, to: &text)
    let remarks = [("note", diagnostic.note), ("help", diagnostic.help)].compactMap { name, remark in
      remark.map { (name, $0) }
    }
    if hasExcerpt, !remarks.isEmpty { text += gutter + style.blue(" |") + "\n" }
    for (name, remark) in remarks {
      text += gutter + style.blue(" = ") + style.bold(name) + ": " + Self.printable(remark) + "\n"
    }
    return text
  }

  /// All diagnostics, then a line that counts them; empty when there is nothing to say.
  public func render(_ diagnostics: [Diagnostic]) -> String {
    guard !diagnostics.isEmpty else { return "" }
    let summary = Self.count(diagnostics)
    let worst = diagnostics.map(\.severity).max() ?? .note
    return diagnostics.map { render($0) + "\n" }.joined() + label(worst, summary) + "\n"
  }

  /// "2 errors, 1 warning"; nil parts are left out.
  public static func count(_ diagnostics: [Diagnostic]) -> String {
    [Diagnostic.Severity.error, .warning, .note].compactMap { severity in
      let count = diagnostics.count { $0.severity == severity }
      return count == 0 ? nil : "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
    }.joined(separator: ", ")
  }

  private func appendExcerpt(
    _ diagnostic: Diagnostic, _ number: String, _ gutter: String, to text: inout String
  ) -> Bool {
    guard let span = diagnostic.span, let line = source?.shownLine(span.line) else { return false }
    let excerpt = SourceExcerpt(line, span)
    text += gutter + style.blue(" |") + "\n"
    text += style.blue(number + " | ") + excerpt.line + "\n"
    text += gutter + style.blue(" | ") + label(diagnostic.severity, excerpt.underline) + "\n"
    return true
  }

  private func label(_ severity: Diagnostic.Severity, _ text: String) -> String {
    switch severity {
    case .error: style.red(text)
    case .warning: style.yellow(text)
    case .note: style.blue(text)
    }
  }

  /// Control characters of a user's file must not reach the terminal.
  static func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl =
        scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
      result.append(isControl ? "\u{fffd}" : scalar)
    }
    return String(result)
  }
}

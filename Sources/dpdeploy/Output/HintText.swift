import CommandLine
import ControlAPI

/// A hint as text for people.
struct HintText {
  let style: Style
  /// Whether the cause is told, too.
  var isWhole = false

  func render(_ hint: Hint) -> String {
    var text = "\(label(hint)) \(hint.title)"
    if isWhole, let since = hint.since { text += style.dim("  since \(since)") }
    text += "\n"
    for fact in hint.evidence { text += "    \(fact.text)\n" }
    text += "    " + style.bold("try") + " \(change(hint).map { "\($0) — " } ?? "")\(hint.advice)\n"
    guard isWhole else { return text }
    if let cause = hint.cause {
      text += TextWrap.lines(cause, width: 96).map { "    " + style.dim($0) + "\n" }.joined()
    }
    let confidence = hint.confidence.map { "confidence \($0.rawValue)" }
    let about = [confidence, hint.runbook].compactMap(\.self).joined(separator: "  ·  ")
    return text + (about.isEmpty ? "" : "    " + style.dim(about) + "\n")
  }

  private func label(_ hint: Hint) -> String {
    switch hint.severity {
    case .error: style.red(hint.id)
    case .warning: style.yellow(hint.id)
    case .info: style.cyan(hint.id)
    }
  }

  /// The field to change, what it is and what it should be, as far as these are known.
  private func change(_ hint: Hint) -> String? {
    guard let field = hint.field else { return nil }
    guard let value = hint.value else { return field }
    return "\(field): \(hint.current.map { "\($0) → " } ?? "")\(value)"
  }
}

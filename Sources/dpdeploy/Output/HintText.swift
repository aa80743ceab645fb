import CommandLine
import ControlAPI

/// A hint as text for people.
struct HintText {
  let style: Style

  func render(_ hint: Hint) -> String {
    let label = hint.severity == .error ? style.red(hint.id) : style.yellow(hint.id)
    var text = "\(label) \(hint.title)\n"
    for fact in hint.evidence { text += "    \(fact.text)\n" }
    text += "    " + style.bold("try") + " \(change(hint).map { "\($0) — " } ?? "")\(hint.advice)\n"
    return text
  }

  /// The field to change, what it is and what it should be, as far as these are known.
  private func change(_ hint: Hint) -> String? {
    guard let field = hint.field else { return nil }
    guard let value = hint.value else { return field }
    return "\(field): \(hint.current.map { "\($0) → " } ?? "")\(value)"
  }
}

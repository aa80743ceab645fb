import ControlAPI
import Diagnosis
import Manifest
import Terminal

/// The hints in full; the chosen one bears a mark.
enum HintText {
  typealias Line = TextScreens.Line

  static func lines(_ state: ConsoleState, width: Int) -> [Line] {
    let hints = state.hints
    if hints.isEmpty {
      return [
        Line(state.isStale || state.application == nil ? "nothing is known" : "nothing to advise", .faint)
      ]
    }
    let chosen = state.chosenHint.map(HintKey.init)
    return hints.flatMap { hint in
      lines(hint, isChosen: HintKey(hint) == chosen, state, width).map { line in
        var line = line
        line.hint = HintKey(hint)
        return line
      }
    }
  }

  /// The first line in sight, so that the chosen hint is, from its head on.
  static func firstLine(_ state: ConsoleState, width: Int, height: Int) -> Int {
    let chosen = state.chosenHint.map(HintKey.init)
    var start = 0
    for hint in state.hints {
      let count = lines(hint, isChosen: false, state, width).count
      // The blank line behind a hint need not be seen.
      if HintKey(hint) == chosen { return max(0, min(start, start + count - 1 - height)) }
      start += count
    }
    return 0
  }

  private static func lines(_ hint: Hint, isChosen: Bool, _ state: ConsoleState, _ width: Int) -> [Line] {
    let role: TextScreens.Role =
      hint.severity == .error ? .critical : hint.severity == .warning ? .warning : .info
    let glyph = hint.severity == .error ? "✖" : hint.severity == .warning ? "⚠" : "·"
    var lines = [
      Line([
        (isChosen ? "▸ " : "  ", .key), ("\(glyph) ", role), (hint.id, .key), (" " + hint.title, .strong),
      ])
    ]
    let standing = standing(hint, state)
    if !standing.isEmpty { lines.append(Line("      " + standing.joined(separator: "  "), .faint)) }
    lines += part("why", .faint, hint.cause ?? "", width)
    lines += hint.evidence.flatMap { part($0.panel.rawValue, .key, $0.text, width) }
    return lines + part("→", .info, hint.advice, width) + change(hint) + [Line()]
  }

  /// Since when it holds, how sure its cause is, and where the runbook tells more.
  private static func standing(_ hint: Hint, _ state: ConsoleState) -> [String] {
    let since = hint.since.flatMap(WallTime.seconds).map { "for " + Units.age(max(0, state.shownNow - $0)) }
    return [since, hint.confidence.map { "confidence " + $0.rawValue }, hint.runbook].compactMap(\.self)
  }

  private static let labelWidth = 10

  /// A text beside its label, wrapped.
  private static func part(
    _ label: String, _ role: TextScreens.Role, _ text: String, _ width: Int
  ) -> [Line] {
    let indent = String(repeating: " ", count: 6)
    let padded = label + String(repeating: " ", count: max(1, labelWidth - label.count))
    let blank = String(repeating: " ", count: labelWidth)
    return WordWrap.lines(text, width: width - indent.count - labelWidth).enumerated().map { index, part in
      Line([(indent + (index == 0 ? padded : blank), role), (part, .text)])
    }
  }

  private static func change(_ hint: Hint) -> [Line] {
    func line(_ field: String, _ before: String?, _ after: String) -> Line {
      let old = before.map { $0 + " → " } ?? ""
      return Line([("      \(field): ", .info), (old, .faint), (after, .strong)])
    }
    guard let fix = HintFix(hint) else { return hint.field.map { [line($0, hint.current, "…")] } ?? [] }
    return fix.edits.map { line($0.path, $0.path == hint.field ? hint.current : nil, $0.value) }
  }
}

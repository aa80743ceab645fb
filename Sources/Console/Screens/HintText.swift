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
    return hints.flatMap { lines($0, isChosen: HintKey($0) == chosen, state, width) }
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
    lines += hint.evidence.map { Line("      " + $0.text) }
    if let since = hint.since.flatMap(WallTime.seconds) {
      lines.append(Line("      for " + Units.age(max(0, state.shownNow - since)), .faint))
    }
    lines += WordWrap.lines(hint.advice, width: width - 8).enumerated().map { index, part in
      Line([(index == 0 ? "      → " : "        ", .info), (part, .text)])
    }
    return lines + change(hint) + [Line()]
  }

  private static func change(_ hint: Hint) -> [Line] {
    guard let fix = HintFix(hint) else {
      return hint.field.map { [Line([("        \($0): ", .info), ("…", .strong)])] } ?? []
    }
    return fix.edits.map { Line([("        \($0.path): ", .info), ($0.value, .strong)]) }
  }
}

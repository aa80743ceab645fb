import ControlAPI

/// The rules as documentation: the section "Hints" of `docs/operations.md`.
public enum Runbook {
  /// Where the runbook has a rule.
  static func place(of id: String) -> String { "docs/operations.md#\(id.lowercased())" }

  /// The section as Markdown, by symptom.
  public static func markdown() -> String {
    var text = """
      ## Hints

      `dpdeploy hints`, `dpdeploy status` and dptop show these with the measured numbers behind them and the change of the
      manifest that would help; `dpdeploy hints NAME --fix ID` writes that change into the manifest. A hint appears once its
      rule has held for a few seconds, and goes when it has not for a few more. Hints that are consequences of another one
      are not shown beside it.

      This section is printed by `dpdeploy hints --runbook` from the rules themselves.

      """
    for symptom in HintRule.Symptom.allCases {
      text += "\n### \(symptom.rawValue)\n"
      for rule in HintRule.all.filter({ $0.symptom == symptom }).sorted(by: { $0.id < $1.id }) {
        text += "\n" + rule.markdown
      }
    }
    return text
  }
}

extension HintRule {
  fileprivate var markdown: String {
    var lines = [
      "#### <a id=\"\(id.lowercased())\"></a>\(id) — \(title)", "",
      "- **Seen by** (\(severity.rawValue)): \(signal).",
      "- **Why**: \(cause)", "- **Do**: \(remedy).",
    ]
    if let field { lines.append("- **Field**: `\(field)`") }
    if !explains.isEmpty {
      lines.append("- **Hides**: \(explains.joined(separator: ", ")), which follow from it.")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

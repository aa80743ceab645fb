import CommandLine
import ControlAPI
import Diagnosis
import Manifest

/// What a short word of ours means: the code of a diagnostic, the id of a hint, or an exit status.
struct CodeExplanation {
  let code: String
  let summary: String
  let facts: [FieldExplanation.Fact]

  /// Nil for what is none of them.
  init?(_ word: String) {
    if let code = DiagnosticCode.all.first(where: { $0.description == word }) {
      self.init(
        code: word, summary: code.meaning,
        facts: [
          .init(label: "kind", text: "\(code.severity.rawValue) of a manifest"),
          .init(label: "cure", text: code.cure),
        ])
    } else if let rule = HintRule.all.first(where: { $0.id == word.uppercased() }) {
      self.init(rule)
    } else if let status = Int32(word).flatMap(ExitCode.init) {
      self.init(code: "exit status \(word)", summary: "\(status.meaning).".capitalizedFirst, facts: [])
    } else {
      return nil
    }
  }

  private init(_ rule: HintRule) {
    var facts = [
      FieldExplanation.Fact(label: "kind", text: "hint, \(rule.severity.rawValue)"),
      .init(label: "seen by", text: rule.signal + "."), .init(label: "why", text: rule.cause),
      .init(label: "do", text: rule.remedy + "."),
    ]
    if let field = rule.field { facts.append(.init(label: "field", text: field)) }
    self.init(code: rule.id, summary: rule.title.capitalizedFirst + ".", facts: facts)
  }

  private init(code: String, summary: String, facts: [FieldExplanation.Fact]) {
    self.code = code
    self.summary = summary
    self.facts = facts
  }

  /// All codes that are words, for suggestions and completion.
  static var words: [String] { DiagnosticCode.all.map(\.description) + HintRule.all.map(\.id) }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

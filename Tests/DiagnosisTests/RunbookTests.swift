import FoundationEssentials
import Testing

@testable import Diagnosis

@Suite struct `The runbook` {
  @Test func `has every rule at its anchor, with what to do`() {
    let text = Runbook.markdown()
    for rule in HintRule.all {
      #expect(text.contains("<a id=\"\(rule.id.lowercased())\"></a>\(rule.id) — \(rule.title)"))
      #expect(text.contains(rule.remedy))
    }
  }

  @Test func `is in the documentation as the rules have it`() throws {
    let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    let document = String(
      decoding: try Data(contentsOf: URL(filePath: root + "/docs/operations.md")), as: UTF8.self)
    #expect(document.contains(Runbook.markdown()), "run `dpdeploy hints --runbook`")
  }
}

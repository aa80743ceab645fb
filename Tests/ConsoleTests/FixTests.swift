import ControlAPI
import Diagnosis
import Terminal
import Testing

@testable import Console

@Suite struct `A hint's change` {
  private static let fix = HintFix(Fixture.hints[0])

  private func onHints() -> ConsoleState { Fixture.state(width: 80, height: 24, on: .hints) }

  private func press(_ keys: String, _ state: inout ConsoleState) -> [ConsoleEffect] {
    keys.flatMap { state.update(.input(.key(.character($0), [])), at: state.now) }
  }

  private func proposal() throws -> FixProposal {
    var plan = Fixture.plan
    plan.changes.removeLast()
    return FixProposal(
      fix: try #require(Self.fix), application: "moe", path: "/srv/moe.yaml", before: "64", after: "48",
      lines: ["-     max_num_seqs: 64", "+     max_num_seqs: 48"], plan: plan)
  }

  @Test func `is looked up, shown, and carried out after a yes`() throws {
    var state = onHints()
    let fix = try #require(Self.fix)
    #expect(press("a", &state) == [.proposeFix(fix, path: "/srv/moe.yaml", application: "moe")])
    _ = state.update(.fixProposed(.success(try proposal())), at: state.now)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    for words in [
      "apply H07 to moe", "/srv/moe.yaml", "-     max_num_seqs: 64", "+     max_num_seqs: 48",
      "already differs", "swap_space", "group 0 restarts", "3.20s", "y yes",
    ] { #expect(text.contains(words), "\(words) is not in\n\(text)") }
    #expect(press("y", &state) == [.applyFix(try proposal())] && state.question == nil)
  }

  @Test func `is left alone after a no, and by whoever has gone on`() throws {
    var state = onHints()
    _ = state.update(.fixProposed(.success(try proposal())), at: state.now)
    #expect(press("n", &state).isEmpty && state.question == nil)
    _ = press("2", &state)
    _ = state.update(.fixProposed(.success(try proposal())), at: state.now)
    #expect(state.question == nil)
  }

  @Test func `is that of the chosen hint`() throws {
    var state = onHints()
    let effects = press("ja", &state)
    let second = try #require(HintFix(Fixture.hints[1]))
    #expect(effects == [.proposeFix(second, path: "/srv/moe.yaml", application: "moe")])
    #expect(press("ka", &state).count == 1)
  }

  @Test func `is refused where there is none, with what helps instead`() {
    var state = onHints()
    var snapshot = Fixture.snapshot(sequence: 121)
    snapshot.status.applications[0].hints[0].value = nil
    _ = state.update(.snapshot(snapshot), at: state.now)
    #expect(press("a", &state).isEmpty)
    #expect(state.notice?.text == "H07 proposes no change of the manifest: run fewer requests at once")
  }

  @Test func `cannot be written where no file is known`() {
    var state = onHints()
    var snapshot = Fixture.snapshot(sequence: 121)
    snapshot.status.applications[0].manifestPath = nil
    _ = state.update(.snapshot(snapshot), at: state.now)
    #expect(press("a", &state).isEmpty && state.notice?.text.contains("applied from a pipe") == true)
  }

  @Test func `of many stays in sight when chosen`() {
    var state = Fixture.state(width: 60, height: 12, on: .hints)
    _ = press("j", &state)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(text.contains("▸ ⚠ H03") && text.contains("ingress.policy: power_of_two"), "\(text)")
  }
}

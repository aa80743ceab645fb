import ControlAPI
import Terminal
import Testing

@testable import Console

@Suite struct `The hints screen` {
  private func press(_ state: inout ConsoleState, _ keys: Key...) {
    for key in keys { _ = state.update(.input(.key(key, [])), at: state.now) }
  }

  @Test func `tells cause, confidence, age, every fact with its panel, the field's value and the runbook`() {
    let state = Fixture.state(width: 80, height: 24, on: .hints)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    for words in [
      "why       Preempted requests lose", "confidence high", "for 42s", "docs/operations.md#h07",
      "replicas  KV cache is at 97%", "replicas  64 requests run, 29 wait", "→         run fewer requests",
      "max_num_seqs: 64 → 48",
    ] { #expect(text.contains(words), "\(words) is not in\n\(text)") }
  }

  @Test(arguments: Evidence.Panel.allCases)
  func `opens the panel of the chosen hint's first fact, with its replica chosen`(panel: Evidence.Panel) {
    var state = Fixture.state(width: 80, height: 24, on: .hints)
    var snapshot = Fixture.snapshot(sequence: 130)
    snapshot.status.applications[0].hints[1].evidence = [Evidence("a number", on: panel)]
    snapshot.status.applications[0].hints[1].replica = "dp2"
    _ = state.update(.snapshot(snapshot), at: state.now)
    press(&state, .down, .enter)
    #expect(state.screen.rawValue == panel.rawValue && state.selectedRank == "dp2")
    #expect(state.selectedNode == "node1" && state.selectedQueue == "dp2")
  }

  /// Where a hint says that a number is to be seen, it is.
  @Test(arguments: [ScreenKind.replicas, .replica, .experts, .ingress], [(80, 24), (120, 40), (200, 60)])
  func `finds the numbers of its facts on the panels that it names`(screen: ScreenKind, size: (Int, Int)) {
    var state = Fixture.state(width: size.0, height: size.1, on: screen)
    state.selectedRank = "dp0"
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    let numbers: [ScreenKind: [String]] = [
      .replicas: [
        "preempt/s 3.1 dp0", "pieces/step 1.5 dp0", "links 4%", "overlap 40%", "core 98%", "412",
      ],
      .replica: ["preempt/s", "3.1", "pieces", "1.5", "overlap", "core", "98%", "412", "prefix", "memory"],
      .experts: ["pieces a step 1.5 dp0", "on links 4%", "steps that overlap 40%", "LINK", "OVERLAP"],
      .ingress: ["refused 2%", "clients left 11%", "n 1238", "619"],
    ]
    for number in numbers[screen] ?? [] { #expect(text.contains(number), "\(number) is not in\n\(text)") }
  }

  @Test func `of latencies tell of how many requests they are, at every size`() {
    for (width, height) in [(40, 12), (80, 24), (120, 40), (160, 48), (200, 60)] {
      let text = ConsoleRenderer.render(
        Fixture.state(width: width, height: height), theme: .monochrome, glyphs: .braille
      ).text
      #expect(text.contains("1238") && text.contains("1201"), "\(text)")
    }
  }
}

import Console
import ControlAPI
import Terminal
import Testing

@Suite struct `The log screen` {
  private func type(_ state: inout ConsoleState, _ keys: Key...) -> [ConsoleEffect] {
    keys.flatMap { state.update(.input(.key($0, [])), at: state.now) }
  }

  private func type(_ state: inout ConsoleState, _ text: String) -> [ConsoleEffect] {
    text.flatMap { state.update(.input(.key(.character($0), [])), at: state.now) }
  }

  private func lines(_ state: ConsoleState) -> [String] {
    state.logs.entries(among: state.shown.events).map(\.text)
  }

  @Test func `asks for the lines of the chosen replica, and for new ones each second`() {
    var state = Fixture.state(width: 80, height: 24)
    state.screen = .replicas
    let asked = type(&state, "jl")
    #expect(asked == [.readLogs(application: "moe", replica: "dp1", cursor: nil)])
    let again = state.update(.tick, at: state.now)
    #expect(again == [.readManifests], "an answer is still awaited")
    _ = state.update(.logs(LogPage(lines: [], cursor: "7")), at: state.now)
    let next = state.update(.tick, at: state.now)
    #expect(next.contains(.readLogs(application: "moe", replica: "dp1", cursor: "7")))
  }

  @Test func `puts events among the lines by time`() {
    let state = Fixture.state(width: 80, height: 24, on: .logs)
    let last = lines(state).suffix(3)
    #expect(
      last.first == "group 0 starts again as epoch 4" && last.last?.contains("rank dp3 is gone") == true)
  }

  @Test func `shows only what passes, or what does not`() {
    var state = Fixture.state(width: 80, height: 24, on: .logs)
    _ = type(&state, "&preempt") + type(&state, .enter)
    #expect(lines(state) == ["warning: no free KV block, preempting request 71"])
    state.logs = Fixture.state(width: 80, height: 24, on: .logs).logs
    _ = type(&state, "&!step [0-9]+:") + type(&state, .enter)
    #expect(lines(state).count == 5)
  }

  @Test func `finds lines without hiding others, and follows again at the end`() {
    var state = Fixture.state(width: 80, height: 24, on: .logs)
    _ = type(&state, "/step 102") + type(&state, .enter)
    #expect(!state.logs.isFollowing && state.logs.hiddenBelow > 0 && lines(state).count == 65)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille)
    #expect(text.text.contains("step 102: "))
    let style = Theme.monochrome.selected.adding(.bold)
    #expect((0..<80).contains { x in (0..<24).contains { text[x, $0].style == style } })
    _ = type(&state, "G")
    #expect(state.logs.isFollowing && state.logs.hiddenBelow == 0)
  }

  @Test func `stays where it is while lines come in`() {
    var state = Fixture.state(width: 80, height: 24, on: .logs)
    _ = type(&state, "kkk")
    let hidden = state.logs.hiddenBelow
    _ = state.update(.logs(LogPage(lines: Fixture.newLogs, cursor: "3")), at: state.now)
    #expect(state.logs.hiddenBelow == hidden + 2)
  }

  @Test func `saves what is shown`() {
    var state = Fixture.state(width: 80, height: 24, on: .logs)
    _ = type(&state, "&gone") + type(&state, .enter)
    let effects = type(&state, "S")
    guard case .save(let name, let text) = effects.first else {
      Issue.record("nothing is saved: \(effects)")
      return
    }
    #expect(name == "moe-all-1760000000.log")
    #expect(text == "08:53:15 ingress-0 rank dp3 is gone; 16 requests go on elsewhere\n")
  }
}

@Suite struct `The history of a manifest` {
  @Test func `rolls back to the chosen revision after a yes`() {
    var state = Fixture.state(width: 80, height: 24, on: .manifest)
    func press(_ text: String) -> [ConsoleEffect] {
      text.flatMap { state.update(.input(.key(.character($0), [])), at: state.now) }
    }
    _ = press("vvv")
    _ = state.update(.revisions(application: "moe", .success(Fixture.revisions)), at: state.now)
    let refused = press("u")
    #expect(refused.isEmpty && state.question == nil, "the present one needs no way back")
    let effects = press("juy")
    #expect(effects == [.rollBack(application: "moe", to: 2)])
  }
}

@Suite struct `Replicas beside each other` {
  @Test func `open one by one, and lead back where they came from`() {
    var state = Fixture.state(width: 80, height: 24)
    func press(_ key: Key) { _ = state.update(.input(.key(key, [])), at: state.now) }
    press(.character("3"))
    press(.down)
    press(.enter)
    #expect(state.screen == .replica && state.chosenReplica?.id == "ingress-1")
    press(.escape)
    #expect(state.screen == .ingress)
    press(.character("0"))
    press(.down)
    press(.enter)
    #expect(state.screen == .replicas && state.selectedRank == "dp2")
    for screen in [ScreenKind.overview, .home] {
      press(.escape)
      #expect(state.screen == screen)
    }
  }

  @Test func `render only the rows in sight`() {
    var state = Fixture.state(width: 120, height: 40)
    var snapshot = Fixture.snapshot(sequence: 130)
    snapshot.status.applications[0].deployments[0].replicas = (0..<1000).map { index in
      var rank = Fixture.ranks[index % 2]
      rank.id = "dp\(index)"
      return rank
    }
    _ = state.update(.snapshot(snapshot), at: Fixture.now + 1)
    state.screen = .replicas
    for _ in 0..<999 { _ = state.update(.input(.key(.down, [])), at: Fixture.now + 1) }
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(text.contains("▸dp999") && text.contains("1000 ranks") && !text.contains("│ dp0 "))
  }
}

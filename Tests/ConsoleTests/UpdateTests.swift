import Console
import ControlAPI
import Terminal
import Testing

@Suite struct `The console` {
  private func press(_ state: inout ConsoleState, _ keys: Key..., modifiers: Modifiers = [])
    -> [ConsoleEffect]
  {
    keys.flatMap { state.update(.input(.key($0, modifiers)), at: state.now) }
  }

  private func type(_ state: inout ConsoleState, _ text: String) -> [ConsoleEffect] {
    text.flatMap { state.update(.input(.key(.character($0), [])), at: state.now) }
  }

  private var empty: ConsoleState { ConsoleState(now: 0, utcOffset: 0, width: 80, height: 24) }

  @Test func `quits at once on every screen, and on Ctrl-C inside a question`() {
    for kind in ScreenKind.allCases {
      var state = Fixture.state(width: 80, height: 24)
      state.screen = kind
      let effects = press(&state, .character("q"))
      #expect(effects == [.quit])
    }
    var state = Fixture.state(width: 80, height: 24)
    _ = type(&state, "D")
    let typed = type(&state, "q")
    #expect(typed.isEmpty)
    let effects = press(&state, .character("c"), modifiers: .control)
    #expect(effects == [.quit])
  }

  @Test func `launches a manifest that does not run yet, without asking`() {
    var state = empty
    _ = state.update(.manifests([Fixture.manifest]), at: 1)
    let effects = type(&state, "9a")
    #expect(effects == [.apply(path: "moe.yaml")])
    let result = ApplyResult(application: "moe", revision: 1, outcome: .created, changes: [], warnings: [])
    _ = state.update(.applied(result), at: 2)
    #expect(state.screen == .overview && state.applicationName == "moe" && state.underway == nil)
  }

  @Test func `asks before it applies over what runs`() {
    var state = Fixture.state(width: 80, height: 24)
    let asked = type(&state, "a")
    #expect(asked.isEmpty && state.question == .reapply(path: "moe.yaml", application: "moe"))
    let refused = type(&state, "n")
    #expect(refused.isEmpty && state.question == nil)
    let effects = type(&state, "ay")
    #expect(effects == [.apply(path: "moe.yaml")])
  }

  @Test func `does not apply a manifest with errors`() {
    var state = empty
    let broken = ManifestEntry(path: "bad.yaml", isBundled: false, text: "name: [")
    _ = state.update(.manifests([broken]), at: 1)
    let effects = type(&state, "9a")
    #expect(effects.isEmpty && state.notice?.severity == .error)
  }

  @Test func `restarts the chosen rank after a yes`() {
    var state = Fixture.state(width: 80, height: 24)
    let effects = type(&state, "jry")
    #expect(effects == [.restart(replica: "dp1", application: "moe")])
  }

  @Test func `deletes only what was typed in full`() {
    var state = Fixture.state(width: 80, height: 24)
    var effects = type(&state, "Dmo") + press(&state, .enter)
    #expect(effects.isEmpty && state.question != nil)
    effects = type(&state, "e") + press(&state, .enter)
    #expect(effects == [.delete(application: "moe")] && state.question == nil)
  }

  @Test func `takes no command from a paste`() {
    var state = Fixture.state(width: 80, height: 24)
    let effects = state.update(.input(.paste("q\nry")), at: state.now)
    #expect(effects.isEmpty && state.question == nil)
  }

  @Test func `holds the picture while the world goes on`() {
    var state = Fixture.state(width: 80, height: 24)
    _ = type(&state, " ")
    var later = Fixture.snapshot(sequence: 130)
    later.status.applications[0].revision = 9
    _ = state.update(.snapshot(later), at: Fixture.now + 5)
    #expect(state.application?.revision == 3 && state.world.application("moe")?.revision == 9)
    _ = type(&state, " ")
    #expect(state.application?.revision == 9)
  }

  @Test func `keeps the choice on its rank when the order changes`() {
    var state = Fixture.state(width: 80, height: 24)
    _ = type(&state, "jj")
    #expect(state.selectedRank == "dp2")
    _ = type(&state, "s")
    #expect(state.order == .cache && state.selectedRank == "dp2")
    #expect(state.ranks.map(\.id) == ["dp0", "dp1", "dp2", "dp3"])
  }

  @Test func `goes to what runs at the first answer, unless a key was pressed`() {
    var state = empty
    _ = state.update(.snapshot(Fixture.snapshot()), at: 1)
    #expect(state.screen == .overview && state.applicationName == "moe")
    var touched = empty
    _ = type(&touched, "9")
    _ = touched.update(.snapshot(Fixture.snapshot()), at: 1)
    #expect(touched.screen == .manifest)
  }

  @Test func `adds history and events up without repeating any`() {
    var world = World()
    world.take(Fixture.snapshot(), at: 1)
    world.take(Fixture.snapshot(sequence: 121), at: 2)
    #expect(world.history["moe"]?.count == 110 && world.events.count == 3)
    world.take(Fixture.snapshot(sequence: 5), at: 3)
    #expect(world.events.count == 3 && world.sequence == 5)
  }

  @Test func `survives any keys in any order`() {
    let keys: [Key] =
      [
        .enter, .tab, .backspace, .escape, .up, .down, .left, .right, .home, .end, .pageUp, .pageDown,
        .delete,
      ]
      + "0123456789jkgGsradDTmnluvfwNSRch[]:/& ?xé".map(Key.character)
    for seed in UInt64(1)...30 {
      var generator = seed &* 0x9e37_79b9_7f4a_7c15
      var state = Fixture.state(width: 80, height: 24)
      for _ in 0..<200 {
        generator = generator &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let key = keys[Int((generator >> 33) % UInt64(keys.count))]
        _ = state.update(.input(.key(key, [])), at: state.now + 1)
        if generator >> 60 == 3 {
          _ = state.update(.snapshot(Fixture.snapshot(sequence: 200)), at: state.now)
        }
      }
      let frame = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille)
      #expect(frame.width == 80, "seed \(seed)")
    }
  }
}

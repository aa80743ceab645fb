import ControlAPI
import Terminal
import Testing

@testable import Console

@Suite struct `A filter of replicas` {
  private func shown(_ text: String) throws -> [String] {
    let filter = try ReplicaFilter(text)
    return (Fixture.ranks + Fixture.ingress).filter(filter.matches).map(\.id)
  }

  @Test(
    arguments: [
      ("kv>90", ["dp0"]), ("kv>90%", ["dp0"]), ("kv>40 & kv<=71", ["dp1", "dp2"]),
      ("state!=RUNNING", ["dp2", "dp3"]), ("state=stale | wait>=29", ["dp0", "dp2"]),
      ("!(node=node0) & role", []), ("node1", ["dp2", "dp3"]), ("ttft>0.3s", ["dp2", "dp3"]),
      ("ttft>300", ["dp2", "dp3"]), ("rss>400M", ["dp0", "dp1", "dp2", "dp3"]),
      ("id~ing & run>80", ["ingress-1"]),
      ("!kv>0", ["dp3", "ingress-0", "ingress-1"]), ("dp0|dp1&kv<1", ["dp0"]),
    ] as [(String, [String])])
  func `shows what satisfies it, and nothing unknown`(text: String, ids: [String]) throws {
    #expect(try shown(text) == ids)
  }

  @Test(
    arguments: [
      ("kv>", "kv> wants a value"), ("kvv>3", "there is no `kvv`; there are id node"),
      ("kv>x", "`x` is no number"),
      ("(kv>3", "a ( has no )"), ("dp0 dp1", "`dp1` is too much; join with & or |"),
      ("& dp0", "`&` cannot stand here"),
      ("dp0 &", "goes on"),
    ])
  func `says what it cannot read`(text: String, message: String) {
    #expect { try ReplicaFilter(text) } throws: { "\($0)".contains(message) }
  }

  @Test func `is typed with its effect in sight, and dropped with Esc`() {
    var state = Fixture.state(width: 80, height: 24)
    state.screen = .replicas
    for key in "/kv>9" { _ = state.update(.input(.key(.character(key), [])), at: state.now) }
    #expect(state.ranks.map(\.id) == ["dp0", "dp1", "dp2"], "while it is typed")
    for key in "0" { _ = state.update(.input(.key(.character(key), [])), at: state.now) }
    _ = state.update(.input(.key(.enter, [])), at: state.now)
    #expect(state.ranks.map(\.id) == ["dp0"] && state.prompt == nil)
    _ = state.update(.input(.key(.escape, [])), at: state.now)
    #expect(state.ranks.count == 4 && state.screen == .replicas)
  }
}

@Suite struct `Keys` {
  @Test func `are unique, and every command has one or is in the palette`() {
    for command in Command.allCases { #expect(Keymap.standard.label(command) != nil, "\(command)") }
    #expect(Keymap.standard[Chord(.character("r"))] == .restart)
    #expect(Keymap.standard[Chord(.tab, .shift)] == .previousScreen)
  }

  @Test func `are what the user's file says, which takes them from others`() {
    var map = Keymap.standard
    let problems = map.read(
      "# mine\nrestart: ctrl-r X\nquit: Q ctrl-q\nsort: q\n\nnonsense\nfly: a\nhelp: hyper-x\n")
    #expect(map[Chord(.character("r"))] == nil && map[Chord(.character("r"), .control)] == .restart)
    #expect(map[Chord(.character("q"))] == .sort && map.label(.quit) == "Q" && map.labels(.restart) == "^R X")
    #expect(
      problems == [
        "line 6: not of the form command: key", "line 7: there is no command `fly`",
        "line 8: there is no key `hyper-x`",
      ])
    #expect(map[Chord(.character("?"))] == .help, "a line that is wrong changes nothing")
  }

  @Test func `are told as a keys file that says the same`() {
    var map = Keymap.standard
    _ = map.read("restart: ctrl-r alt-f5 shift-tab é\nquit:\n")
    var read = Keymap.standard
    #expect(read.read(map.text).isEmpty && read == map && map != .standard)
  }

  @Test func `of the screens' last lines exist, and are those of the user`() {
    var state = Fixture.state(width: 80, height: 24)
    _ = state.keymap.read("quit: ctrl-x")
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(text.contains("^X quit") && !text.contains(" q quit"))
  }
}

@Suite struct `The palette` {
  private func run(_ line: String, _ state: inout ConsoleState) -> [ConsoleEffect] {
    var effects = state.update(.input(.key(.character(":"), [])), at: state.now)
    for key in line { effects += state.update(.input(.key(.character(key), [])), at: state.now) }
    return effects + state.update(.input(.key(.enter, [])), at: state.now)
  }

  @Test func `goes to replicas, logs and screens`() {
    var state = Fixture.state(width: 80, height: 24)
    _ = run("rep dp2", &state)
    #expect(state.screen == .replica && state.chosenReplica?.id == "dp2")
    let asked = run("logs dp0 preempt", &state)
    #expect(state.screen == .logs && state.logs.filter == "preempt")
    #expect(asked == [.readLogs(application: "moe", replica: "dp0", cursor: nil)])
    _ = run("nodes", &state)
    #expect(state.screen == .nodes)
    #expect(run("q", &state) == [.quit])
  }

  @Test func `changes things only after a yes`() {
    var state = Fixture.state(width: 80, height: 24)
    #expect(run("scale ingress 5", &state).isEmpty)
    let scaled = state.update(.input(.key(.character("y"), [])), at: state.now)
    #expect(scaled == [.scale(ScaleRequest(ingressReplicas: 5), application: "moe")])
    _ = run("drain dp1", &state)
    let drained = state.update(.input(.key(.character("y"), [])), at: state.now)
    #expect(drained == [.cordon(CordonRequest(.drain, ["dp1"]), application: "moe")])
  }

  @Test func `completes verbs and their words`() {
    let state = Fixture.state(width: 80, height: 24)
    #expect(Palette.completed("resta", state) == "restart " && Palette.completed("rep d", state) == "rep dp")
    #expect(
      Palette.completions("rep dp3", state).map(\.line) == ["rep dp3"]
        && Palette.completed("xyz", state) == nil)
  }

  @Test func `names what is near a word that it does not know`() {
    var state = Fixture.state(width: 80, height: 24)
    _ = run("resart dp1", &state)
    #expect(state.notice?.severity == .error && state.notice?.text.contains("restart") == true)
    #expect(state.question == nil)
  }
}

@Suite struct `A read-only console` {
  @Test func `asks for no change, whatever is pressed`() {
    var state = Fixture.state(width: 80, height: 24)
    state.isReadOnly = true
    for line in ["r", "D", "a", "9a", "8a", ":scale ingress 3\r", ":drain dp0\r", ":undo\r"] {
      for key in line {
        let effects = state.update(.input(.key(key == "\r" ? .enter : .character(key), [])), at: state.now)
        let harmless = effects.allSatisfy {
          switch $0 {
          case .apply, .delete, .restart, .cordon, .scale, .rollBack, .applyFix, .proposeFix: false
          default: true
          }
        }
        #expect(harmless && state.question == nil, "\(line)")
      }
    }
    #expect(state.notice?.text.contains("read-only") == true)
  }
}

@Suite struct `The mouse` {
  private func click(_ state: inout ConsoleState, on text: String) throws -> [ConsoleEffect] {
    let lines = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text.split(
      separator: "\n", omittingEmptySubsequences: false)
    let y = try #require(lines.firstIndex { $0.contains(text) })
    let before = try #require(lines[y].ranges(of: text).first).lowerBound
    let x = lines[y].distance(from: lines[y].startIndex, to: before)
    let event = MouseEvent(action: .press(0), x: x, y: y, modifiers: [])
    return state.update(.input(.mouse(event)), at: state.now)
  }

  @Test func `chooses a row with the first click and opens it with the second`() throws {
    var state = Fixture.state(width: 80, height: 24)
    state.screen = .replicas
    _ = try click(&state, on: "dp2 ")
    #expect(state.selectedRank == "dp2" && state.screen == .replicas)
    _ = try click(&state, on: "dp2 ")
    #expect(state.screen == .replica)
  }

  @Test func `opens screens, orders columns and presses keys`() throws {
    var state = Fixture.state(width: 120, height: 40)
    _ = try click(&state, on: "Queue")
    #expect(state.screen == .queue)
    _ = try click(&state, on: "Replicas")
    _ = try click(&state, on: "TTFT")
    #expect(state.screen == .replicas && state.order == .ttft)
    #expect(try click(&state, on: "quit") == [.quit])
  }

  @Test func `opens a hint from the overview, and its panel with the next click`() throws {
    var state = Fixture.state(width: 80, height: 24)
    _ = try click(&state, on: "⚠ H03")
    #expect(state.screen == .hints && state.chosenHint?.id == "H03")
    _ = try click(&state, on: "✖ H07")
    #expect(state.screen == .hints && state.chosenHint?.id == "H07")
    _ = try click(&state, on: "run fewer requests")
    #expect(state.screen == .replicas && state.selectedRank == "dp0")
  }

  @Test func `opens the logs of whom an event is about`() throws {
    var state = Fixture.state(width: 80, height: 24)
    _ = try click(&state, on: "group 0 starts again")
    #expect(state.screen == .events)
    let asked = try click(&state, on: "signal 9 (SIGKILL)")
    #expect(asked == [.readLogs(application: "moe", replica: "dp3", cursor: nil)] && state.screen == .logs)
  }

  @Test func `answers a question by its words, and reaches nothing behind it`() throws {
    var state = Fixture.state(width: 80, height: 24)
    for key in ["r"] { _ = state.update(.input(.key(.character(Character(key)), [])), at: state.now) }
    let behind = try click(&state, on: "q quit")
    #expect(behind.isEmpty && state.question != nil)
    #expect(try click(&state, on: "n no").isEmpty && state.question == nil)
    _ = state.update(.input(.key(.character("r"), [])), at: state.now)
    #expect(try click(&state, on: "y yes") == [.restart(replica: "dp0", application: "moe")])
  }
}

@Suite struct `Time` {
  private func press(_ state: inout ConsoleState, _ keys: Key...) {
    for key in keys { _ = state.update(.input(.key(key, [])), at: state.now) }
  }

  @Test func `goes back on all panels, and to the present again`() {
    var state = Fixture.state(width: 80, height: 24)
    let present = state.application?.replicas(.rank)[0].kvUsageRatio
    press(&state, .left, .left)
    #expect(
      state.shownNow == Fixture.now - 2 && state.application?.replicas(.rank)[0].kvUsageRatio != present)
    #expect(state.shown.history["moe"]?.last?.time ?? 0 <= Fixture.now - 2)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(text.contains("2s AGO"))
    press(&state, .character("["))
    #expect(state.shownNow == Fixture.now - 39, "as far as is known")
    press(&state, .end)
    #expect(state.frozen == nil && state.application?.replicas(.rank)[0].kvUsageRatio == present)
  }

  @Test func `over which rates are taken is chosen by key and by name`() {
    var state = Fixture.state(width: 80, height: 24)
    #expect(state.window == .seconds)
    press(&state, .character("W"))
    #expect(state.window == .minute && state.notice?.text.contains("1m") == true)
    for key in ":window 5m" { press(&state, .character(key)) }
    press(&state, .enter)
    #expect(state.window == .minutes)
    press(&state, .character("W"))
    #expect(state.window == .seconds)
    var snapshot = Fixture.snapshot(sequence: 130)
    snapshot.status.applications[0].metrics.windowSeconds = 300
    _ = state.update(.snapshot(snapshot), at: state.now)
    let text = ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
    #expect(text.contains("win 5m"), "what the numbers are over is told by whoever took them")
  }

  @Test func `before an event shows nothing of it`() {
    var state = Fixture.state(width: 80, height: 24)
    for _ in 0..<18 { press(&state, .left) }
    #expect(
      state.events.contains { $0.reason == "RankDied" }
        && !state.events.contains { $0.reason == "GroupRestarting" })
  }

  @Test func `of a recording runs, stops and is gone through`() throws {
    let lines = (0..<40).map { second in
      RecordedLine(
        time: Fixture.now - 39 + Double(second),
        snapshot: Fixture.snapshot(sequence: 81 + second, second: second))
    }
    let text =
      RecordingFile.head + "\n" + lines.map(RecordingFile.line).joined(separator: "\n") + "\n{\"t\":17"
    let read = try RecordingFile.read(text).get()
    #expect(read == lines, "what was cut off is left out")
    var state = ConsoleState(now: 5, utcOffset: 0, width: 80, height: 24)
    state.load(read)
    #expect(state.shownNow == Fixture.now - 39 && state.application?.name == "moe")
    for _ in 0..<3 { _ = state.update(.tick, at: 5) }
    #expect(state.shownNow == Fixture.now - 36)
    press(&state, .character(" "))
    _ = state.update(.tick, at: 5)
    #expect(state.shownNow == Fixture.now - 36)
    press(&state, .end)
    #expect(state.shownNow == Fixture.now)
    press(&state, .character("r"))
    #expect(state.question == nil, "nothing is changed from a recording")
  }

  @Test func `is refused of what is no recording`() {
    for text in ["", "{}", RecordingFile.head, RecordingFile.head + "\nnonsense\n{}"] {
      #expect(throws: FileProblem.self) { try RecordingFile.read(text).get() }
    }
  }
}

@Suite struct `A picture of the screen` {
  @Test func `is well-formed and holds every word`() {
    let state = Fixture.state(width: 80, height: 24)
    let svg = ConsoleRenderer.render(state, theme: Theme(ThemeFile(""), depth: .trueColor), glyphs: .braille)
      .svg()
    #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n"))
    #expect(svg.contains(">dp0<") && svg.contains(">RUNNING<"))
    #expect(svg.split(separator: "<text").count - 1 == svg.split(separator: "</text>").count - 1)
  }

  @Test func `gives the clipboard what the chosen row says`() {
    var state = Fixture.state(width: 80, height: 24)
    let effects = state.update(.input(.key(.character("c"), [])), at: state.now)
    guard case .copy(let text) = effects.first else {
      Issue.record("nothing is copied: \(effects)")
      return
    }
    #expect(text.hasPrefix("id=dp0 node=node0 state=RUNNING") && text.contains("kv=97.0"))
  }
}

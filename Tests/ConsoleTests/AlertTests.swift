import ControlAPI
import Terminal
import Testing

@testable import Console

@Suite struct `An alert` {
  private var console = Self.console(.warning)
  private var time = Fixture.now

  private static func console(_ level: Severity) -> ConsoleState {
    var state = ConsoleState(now: Fixture.now, utcOffset: 0, width: 80, height: 24)
    state.alertBook = AlertBook(level: level)
    return state
  }

  /// What is told when the controller says this, that many seconds later.
  private mutating func look(
    _ hints: [Hint] = [], _ status: ApplicationState = .running, after seconds: Double = 1
  ) -> [String] {
    var snapshot = Fixture.snapshot()
    snapshot.status.applications[0].hints = hints
    snapshot.status.applications[0].status = status
    return told(.snapshot(snapshot), after: seconds)
  }

  private mutating func told(_ event: ConsoleEvent, after seconds: Double = 1) -> [String] {
    time += seconds
    return console.update(event, at: time).compactMap { effect in
      if case .alert(let alert) = effect { alert.hint.id } else { nil }
    }
  }

  private mutating func type(_ text: String) {
    for key in text { _ = console.update(.input(.key(.character(key), [])), at: time) }
    _ = console.update(.input(.key(.enter, [])), at: time)
  }

  private var full: Hint { Fixture.hints[0] }
  private var crowded: Hint { Fixture.hints[1] }

  @Test mutating func `is given once for each time that a hint begins`() {
    #expect(look() == [])
    #expect(look([full]) == ["H07"])
    #expect(look([full, crowded]) == ["H03"])
    #expect(look([full, crowded]) == [])
    #expect(look([crowded]) == [] && look([full, crowded], after: 9) == [], "a short gap is no end")
    #expect(look([crowded]) == [] && look([crowded], after: 10) == [])
    #expect(look([full, crowded]) == ["H07"], "it was gone for ten seconds")
    var elsewhere = full
    elsewhere.replica = "dp1"
    #expect(look([full, elsewhere, crowded]) == ["H07"], "another replica's is another")
  }

  @Test mutating func `is given of what is as grave as was asked for`() {
    console = Self.console(.error)
    #expect(look([crowded]) == [])
    var grave = crowded
    grave.severity = .error
    #expect(look([grave]) == ["H03"])
  }

  @Test mutating func `is given of an application that stays unwell while no hint says why`() {
    #expect(look([], .unhealthy) == [] && look([], .running) == [] && look([], .unhealthy, after: 4) == [])
    #expect(look([], .unhealthy, after: 5) == ["STATE"])
    #expect(look([full], .deployFailed) == ["H07"] && look([full], .deployFailed, after: 9) == [])
  }

  @Test mutating func `is given of a controller that stays lost, and nothing told counts as gone by that`() {
    let lost = ConsoleEvent.lost(ControlError(code: "unreachable", message: "Connection refused"))
    #expect(look([full]) == ["H07"])
    #expect(told(lost) == [] && told(lost, after: 5) == ["BLIND"] && told(lost, after: 60) == [])
    #expect(look([full]) == [])
  }

  @Test mutating func `is not given while muted, nor later of what began then`() {
    type(":mute")
    #expect(look([full]) == [])
    type(":unmute")
    #expect(look([full, crowded]) == ["H03"])
  }

  @Test mutating func `is given of the present while the past is shown, and of no recording`() throws {
    #expect(look() == [] && look() == [])
    _ = console.update(.input(.key(.left, [])), at: time)
    #expect(console.frozen != nil && look([full]) == ["H07"])
    var replay = Self.console(.info)
    replay.load(try RecordingFile.read(Fixture.recording).get())
    #expect(replay.hints.count == 2)
    for _ in 0..<20 {
      #expect(!replay.update(.tick, at: time).contains { if case .alert = $0 { true } else { false } })
    }
  }

  @Test mutating func `cannot be muted where nobody asked for any`() {
    console.alertBook = nil
    type(":mute")
    #expect(console.notice?.text == "there are no alerts; --alert or --alert-command asks for them")
  }
}

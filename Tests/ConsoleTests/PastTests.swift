import ControlAPI
import Terminal
import Testing

@testable import Console

@Suite struct `The past of every panel` {
  private func press(_ state: inout ConsoleState, _ keys: Key...) -> [ConsoleEffect] {
    keys.flatMap { state.update(.input(.key($0, [])), at: state.now) }
  }

  private func screen(_ state: ConsoleState) -> String {
    ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
  }

  /// A look whose numbers tell when it was taken.
  private func look(_ second: Int) -> Insight {
    var look = Fixture.insight
    look.latency.distributions[0].summary.p50 = .known(Double(second))
    look.latency.distributions[0].columns = [
      LatencyColumn(time: Fixture.now - 39 + Double(second), first: 12, counts: [1])
    ]
    look.experts?.windowSeconds = Double(second)
    return look
  }

  private func watched(on screen: ScreenKind) -> ConsoleState {
    var state = Fixture.state(width: 80, height: 24)
    state.screen = screen
    for second in 20..<40 {
      _ = state.update(
        .insight(application: "moe", .success(look(second))), at: Fixture.now - 39 + Double(second))
    }
    return state
  }

  @Test func `of latencies and experts is what was seen then`() {
    var state = watched(on: .latency)
    #expect(screen(state).contains("p50 39.0s") && state.look?.latency.distributions[0].columns.count == 20)
    _ = press(&state, .left, .left, .left)
    #expect(screen(state).contains("p50 36.0s") && state.look?.latency.distributions[0].columns.count == 17)
    state.screen = .experts
    #expect(screen(state).contains("over 36.0s"))
  }

  @Test(arguments: [ScreenKind.latency, .experts])
  func `of which nothing is kept says so, and asks for the present all the same`(kind: ScreenKind) {
    var state = watched(on: kind)
    _ = press(&state, .character("["))
    #expect(screen(state).contains("nothing is kept of 08:52:41"), "\(screen(state))")
    let effects = state.update(.tick, at: Fixture.now + 1)
    #expect(effects.contains(.lookInto(application: "moe")), "it goes on behind the picture that is held")
  }

  @Test func `of looks is as long as memory allows`() {
    var book = LookBook(isUnlimited: false)
    for second in 0..<700 { book.take(look(second), at: Double(second)) }
    #expect(book.look(at: 50) == nil && book.look(at: 650) != nil && book.newest != nil)
    var large = look(0)
    large.experts?.rows = Array(repeating: Array(repeating: 7, count: 1000), count: 60)
    for second in 700..<800 { book.take(large, at: Double(second)) }
    #expect(book.look(at: 790) == nil && book.look(at: 799) != nil, "three large ones are too many")
  }

  @Test func `of logs ends at the moment that is shown`() {
    var state = Fixture.state(width: 80, height: 24, on: .logs)
    #expect(state.logEntries.contains { $0.text.contains("preempting request 71") })
    for _ in 0..<10 { _ = press(&state, .left) }
    #expect(!state.logEntries.contains { $0.text.contains("preempting request 71") })
    #expect(state.logEntries.contains { $0.text.hasPrefix("step 102: ") })
    for _ in 0..<15 { _ = press(&state, .left) }
    #expect(!state.logEntries.contains { $0.text.hasPrefix("step 102: ") }, "nobody knows when that was")
  }

  @Test func `of logs goes by the time that a line tells`() {
    var state = Fixture.state(width: 80, height: 24)
    _ = press(&state, .character(" "), .character("l"))
    let lines = [
      LogLine(replica: "dp0", epoch: 3, time: "2025-10-09T08:53:10.000Z", text: "before"),
      LogLine(replica: "dp0", epoch: 3, time: "2025-10-09T08:53:30.000Z", text: "after"),
    ]
    _ = state.update(.logs(LogPage(lines: lines, cursor: "1")), at: Fixture.now + 20)
    #expect(
      state.logEntries.map(\.text).contains("before") && !state.logEntries.map(\.text).contains("after"))
    #expect(
      state.update(.tick, at: Fixture.now + 21) == [.readManifests], "what came later is not wanted yet")
  }

  @Test func `of a replica's charts ends at the moment that is shown`() throws {
    var state = Fixture.state(width: 80, height: 24, on: .replica)
    for _ in 0..<30 { _ = press(&state, .left) }
    let track = try #require(state.shown.track("dp0", of: "moe"))
    let samples = ChartSeries.samples(track, count: 40, now: state.shownNow) { $0.time }
    #expect(samples.last == Fixture.now - 30)
  }

  @Test func `of a recording holds every look, and says of what it has none`() throws {
    let lines = (0..<20).flatMap { second -> [RecordedLine] in
      let time = Fixture.now - 39 + Double(second)
      let seen = RecordedLine(time: time, snapshot: Fixture.snapshot(sequence: 81 + second, second: second))
      return second < 10
        ? [seen] : [seen, RecordedLine(time: time + 0.1, insight: look(second), application: "moe")]
    }
    var state = ConsoleState(now: 5, utcOffset: 0, width: 80, height: 24)
    state.load(lines)
    state.screen = .latency
    #expect(screen(state).contains("not recorded of 08:52:41"), "\(screen(state))")
    for _ in 0..<12 { _ = press(&state, .right) }
    #expect(screen(state).contains("p50 11.0s"))
    _ = press(&state, .character("l"))
    #expect(
      screen(state).contains("revision 3: max_num_seqs") && screen(state).contains("no lines are recorded"))
    for keys in ["9vv", "v"] {
      for key in keys { _ = press(&state, .character(key)) }
      #expect(!screen(state).contains("asking"), "\(screen(state))")
    }
  }

  @Test func `is recorded with its looks, whatever screen is open`() {
    var state = Fixture.state(width: 80, height: 24)
    #expect(state.update(.tick, at: Fixture.now + 1) == [.readManifests])
    state.recordingPath = "moe.jsonl"
    #expect(state.update(.tick, at: Fixture.now + 2) == [.readManifests, .lookInto(application: "moe")])
  }
}

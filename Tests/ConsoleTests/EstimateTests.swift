import ControlAPI
import Terminal
import Testing

@testable import Console

@Suite struct `Latencies of a replica` {
  /// A screen of the fixture, whose ranks' latencies are interpolated or not.
  private func screen(_ kind: ScreenKind, isEstimate: Bool?) -> String {
    var state = ConsoleState(now: Fixture.now, utcOffset: 0, width: 160, height: 48)
    var snapshot = Fixture.snapshot()
    for index in snapshot.status.applications[0].deployments[0].replicas.indices {
      snapshot.status.applications[0].deployments[0].replicas[index].isLatencyEstimate = isEstimate
    }
    _ = state.update(.snapshot(snapshot), at: Fixture.now)
    state.screen = kind
    return ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
  }

  @Test(arguments: [ScreenKind.replicas, .replica, .queue])
  func `are marked where they are interpolated`(kind: ScreenKind) {
    #expect(screen(kind, isEstimate: true).contains("~180ms"))
    let exact = screen(kind, isEstimate: nil)
    #expect(exact.contains(" 180ms") && !exact.contains("~"))
  }
}

import ControlAPI
import Terminal
import Testing

@testable import Console

@Suite struct `What became of an action` {
  /// The fixture with all well.
  private static var healthy: Snapshot {
    var snapshot = Fixture.snapshot(sequence: 121)
    snapshot.status.applications[0].status = .running
    snapshot.status.applications[0].deployments[0].status = .healthy
    return snapshot
  }

  private var state: ConsoleState {
    var state = Fixture.state(width: 80, height: 24)
    _ = state.update(.snapshot(Self.healthy), at: Fixture.now)
    return state
  }

  private func show(
    _ state: inout ConsoleState, after seconds: Double, _ change: (inout ApplicationStatus) -> Void = { _ in }
  ) {
    var snapshot = Self.healthy
    snapshot.sequence = 121 + Int(seconds)
    change(&snapshot.status.applications[0])
    _ = state.update(.snapshot(snapshot), at: Fixture.now + seconds)
  }

  private func screen(_ state: ConsoleState) -> String {
    ConsoleRenderer.render(state, theme: .monochrome, glyphs: .braille).text
  }

  @Test func `of a restart is told once all is healthy again, with how long it took`() {
    var state = state
    _ = state.update(.begun(.restart(replica: "dp0"), application: "moe"), at: Fixture.now)
    show(&state, after: 1) { $0.status = .unhealthy }
    #expect(state.notice == nil && screen(state).contains("▲ dp0 restarts  1s"))
    show(&state, after: 7)
    #expect(state.notice?.text == "dp0: HEALTHY after 7s" && state.undertakings.isEmpty)
  }

  @Test func `of a restart so short that only another process tells of it, too`() {
    var state = state
    _ = state.update(.begun(.restart(replica: "ingress-1"), application: "moe"), at: Fixture.now)
    show(&state, after: 1)
    #expect(state.notice == nil)
    show(&state, after: 2) { $0.deployments[2].replicas[1].pid = .known(77) }
    #expect(state.notice?.text == "ingress-1: HEALTHY after 2s")
  }

  @Test func `of an apply is its health, its failure, or the revision that came back`() {
    let result = ApplyResult(
      application: "moe", revision: 4, outcome: .updated, changes: [Fixture.plan.changes[0]], warnings: [])
    var state = state
    _ = state.update(.applied(result), at: Fixture.now)
    show(&state, after: 1)
    show(&state, after: 2) { ($0.revision, $0.status) = (4, .deploying) }
    #expect(state.undertakings.count == 1, "that revision 3 is healthy says nothing of 4")
    var healed = state
    show(&healed, after: 9) { $0.revision = 4 }
    #expect(
      healed.notice?.text == "revision 4: HEALTHY after 9s; max_num_seqs: 64 → 48"
        && healed.notice?.severity == .info)
    var failed = state
    show(&failed, after: 9) { ($0.revision, $0.status, $0.message) = (4, .deployFailed, "no memory") }
    #expect(failed.notice?.text == "revision 4 failed: no memory" && failed.notice?.severity == .error)
    show(&state, after: 8) { ($0.revision, $0.status, $0.rollingBackTo) = (4, .deployFailed, 3) }
    #expect(state.undertakings.count == 1 && screen(state).contains("revision 4 failed; revision 3 comes"))
    show(&state, after: 9) { application in
      application.revision = 5
      application.rolledBack = RollbackStatus(from: 4, to: 3, reason: "no memory")
    }
    #expect(state.notice?.text == "revision 4 failed (no memory); revision 3 is back")
    #expect(screen(state).contains("revision 4 failed, and revision 3 holds again: no memory"))
  }

  @Test func `of a drain is told when nothing is left, and of a delete when it is gone`() {
    var state = state
    let drain = Undertaking.Action.cordon(CordonRequest(.drain, ["dp1"]))
    _ = state.update(.begun(drain, application: "moe"), at: Fixture.now)
    show(&state, after: 1) { $0.deployments[0].replicas[1].state = .cordoned }
    #expect(state.notice == nil)
    show(&state, after: 4) { $0.deployments[0].replicas[1].state = .drained }
    #expect(state.notice?.text == "dp1: DRAINED after 4s")
    _ = state.update(.begun(.delete, application: "moe"), at: Fixture.now + 5)
    var nothing = Self.healthy
    nothing.status.applications = []
    _ = state.update(.snapshot(nothing), at: Fixture.now + 8)
    #expect(state.notice?.text == "moe: deleted after 3s")
  }

  @Test func `is durable or not is said on every screen`() {
    var state = state
    var snapshot = Self.healthy
    snapshot.status.controller.stateDurable = false
    snapshot.status.controller.stateProblem = "the disk is full"
    _ = state.update(.snapshot(snapshot), at: Fixture.now)
    for kind in ScreenKind.allCases {
      state.screen = kind
      let text = screen(state)
      #expect(text.contains("is not written down, and applies are refused: the disk is full"), "\(text)")
    }
  }

  @Test func `is asked for by keys on the replica, the group and the ingress in view`() {
    var state = state
    func press(_ keys: String) -> [ConsoleEffect] {
      keys.flatMap { state.update(.input(.key(.character($0), [])), at: state.now) }
    }
    #expect(press("jdy") == [.cordon(CordonRequest(.drain, ["dp1"]), application: "moe")])
    #expect(press("+y") == [.scale(ScaleRequest(replicas: 2), application: "moe")])
    #expect(press("-").isEmpty && state.question == nil, "the last group stays")
    #expect(press("3-y") == [.scale(ScaleRequest(ingressReplicas: 1), application: "moe")])
    show(&state, after: 1) { $0.deployments[2].replicas[0].state = .drained }
    #expect(press("dy") == [.cordon(CordonRequest(.uncordon, ["ingress-0"]), application: "moe")])
    _ = press(":cordon dp0")
    _ = state.update(.input(.key(.enter, [])), at: state.now)
    #expect(press("y") == [.cordon(CordonRequest(.cordon, ["dp0"]), application: "moe")])
  }
}

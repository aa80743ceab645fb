import ControlAPI
import Testing

@testable import Deployment

@Suite struct `A rollout` {
  private let changed = ApplicationSpec.sample(engine: ["--model", "n"])

  private func broken() throws -> Scene {
    var scene = try Scene()
    scene.becomeReady()
    try scene.apply(changed)
    scene.application.rollBackOnFailure()
    scene.tell(.drained(group: 0, epoch: 1))
    scene.carryOutAllStops()
    return scene
  }

  @Test func `brings the last healthy revision back, once, when its own can never start`() throws {
    var scene = try broken()
    let effects = scene.rank(.ended(.exited(78), lastLine: "error: no such option"), 0)
    scene.carryOutAllStops()
    let backs = scene.effects.compactMap { effect -> Int? in
      if case .rollBack(let to, _) = effect { to } else { nil }
    }
    #expect(backs == [1], "\(effects)")
    let pending = try #require(scene.application.rollout.pending)
    #expect(pending.from == 2 && pending.reason.contains("no such option"))
    try scene.apply(.sample())
    #expect(scene.application.rollout.broughtBack == pending && scene.application.rollout.pending == nil)
    scene.carryOutAllStops()
    scene.becomeReady()
    #expect(scene.application.status == .running && scene.application.rollout.lastHealthy == 3)
  }

  @Test func `is not taken back when nobody asked for that, nor before anything was healthy`() throws {
    var scene = try Scene()
    scene.application.rollBackOnFailure()
    scene.rank(.ended(.exited(78), lastLine: nil), 0)
    scene.carryOutAllStops()
    #expect(scene.application.status == .deployFailed && scene.application.rollout.pending == nil)
  }

  @Test func `that was to be taken back is taken back by the next controller`() throws {
    var scene = try broken()
    scene.rank(.ended(.exited(78), lastLine: nil), 0)
    scene.carryOutAllStops()
    let effects = scene.application.resume(at: scene.now) { _ in .here }
    #expect(effects.contains { if case .rollBack(to: 1, _) = $0 { true } else { false } })
  }

  @Test func `that is paused leaves the groups that are not replaced yet, and goes on when told`() throws {
    var scene = try Scene(.sample(groups: 2, nodes: 2))
    scene.becomeReady(group: 0)
    scene.becomeReady(group: 1)
    try scene.apply(.sample(groups: 2, nodes: 2, engine: ["--model", "n"]))
    _ = scene.application.pause(true, at: scene.now)
    scene.tell(.drained(group: 0, epoch: 1))
    scene.carryOutAllStops()
    scene.becomeReady(group: 0)
    #expect(try scene.group(0).engine.arguments == ["--model", "n"])
    #expect(try scene.group(1).phase == .running && scene.group(1).engine.arguments == ["--model", "m"])
    #expect(scene.server.message.contains("paused"))
    _ = scene.application.pause(false, at: scene.now)
    guard case .draining = try scene.group(1).phase else {
      Issue.record("the second group must drain now")
      return
    }
  }

  private func gated(_ groups: Int = 1, engine: String = "m") -> ApplicationSpec {
    var spec = ApplicationSpec.sample(groups: groups, nodes: groups, engine: ["--model", engine])
    spec.minReady = .seconds(10)
    return spec
  }

  @Test func `counts as HEALTHY once it has served for min_ready_s`() throws {
    var scene = try Scene(gated())
    scene.becomeReady()
    #expect(scene.server.status == .updating && scene.application.nextDeadline == .seconds(10))
    scene.pass(.seconds(9))
    #expect(scene.server.message == "all ranks serve since 9.0 s; next: HEALTHY in 1.0 s if they go on")
    scene.pass(.seconds(1))
    #expect(scene.application.status == .running && scene.application.nextDeadline == nil)
  }

  @Test(arguments: [true, false])
  func `that serves for a moment and then breaks is taken back at once`(_ recovers: Bool) throws {
    var (first, second) = (gated(), gated(engine: "n"))
    (first.engine.recovers, second.engine.recovers) = (recovers, recovers)
    var scene = try Scene(first)
    scene.becomeReady()
    scene.pass(.seconds(10))
    try scene.apply(second)
    scene.application.rollBackOnFailure()
    scene.tell(.drained(group: 0, epoch: 1))
    scene.carryOutAllStops()
    scene.becomeReady()
    scene.pass(.seconds(5))
    let effects = scene.rank(.ended(.signalled(11), lastLine: nil), 0)
    #expect(effects.contains { if case .rollBack(to: 1, _) = $0 { true } else { false } }, "\(effects)")
    #expect(scene.application.rollout.pending?.reason.contains("SIGSEGV") == true)
  }

  @Test func `replaces the next group once the first has served for min_ready_s`() throws {
    var scene = try Scene(gated(2))
    for group in 0..<2 { scene.becomeReady(group: group) }
    scene.pass(.seconds(10))
    try scene.apply(gated(2, engine: "n"))
    scene.tell(.drained(group: 0, epoch: 1))
    scene.carryOutAllStops()
    scene.becomeReady(group: 0)
    #expect(scene.application.nextDeadline == .seconds(20))
    scene.pass(.seconds(9))
    #expect(try scene.group(1).phase == .running)
    scene.pass(.seconds(1))
    guard case .draining = try scene.group(1).phase else {
      Issue.record("the second group must drain now")
      return
    }
  }

  @Test func `is predicted from the last start, and costs nothing where other groups serve`() throws {
    var scene = try Scene()
    scene.now = .seconds(12)
    scene.becomeReady()
    let plan = RolloutPlan(from: scene.application, to: changed)
    #expect(plan.interruption == .seconds(12) && plan.steps.count == 1)
    #expect(RolloutPlan(from: scene.application, to: .sample(ingress: 4)).interruption == .zero)
    #expect(RolloutPlan(from: scene.application, to: .sample()).steps.isEmpty)
    let two = try Scene(.sample(groups: 2, nodes: 2))
    let rolling = RolloutPlan(
      from: two.application, to: .sample(groups: 2, nodes: 2, engine: ["--model", "n"]))
    #expect(rolling.interruption == .zero)
    let untimed = RolloutPlan(from: try Scene().application, to: changed)
    #expect(untimed.interruption == nil)
  }
}

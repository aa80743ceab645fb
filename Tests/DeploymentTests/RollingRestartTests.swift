import ControlAPI
import FoundationEssentials
import Testing

@testable import Deployment

@Suite struct `A rolling restart` {
  private func healthy(_ spec: ApplicationSpec = .sample()) throws -> Scene {
    var scene = try Scene(spec)
    for group in 0..<spec.groups { scene.becomeReady(group: group) }
    return scene
  }

  private func restart(_ scene: inout Scene, ranks: Bool = true, ingress: Bool = true) {
    scene.effects += scene.application.restartAll(ranks: ranks, ingress: ingress, at: scene.now)
  }

  @Test func `goes group by group, and leaves the ingress where only ranks are meant`() throws {
    var scene = try healthy(.sample(groups: 2))
    restart(&scene, ingress: false)
    #expect(scene.application.groups.map(\.phase.isRunning) == [false, true])
    #expect(scene.server.status == .updating && scene.effects.ingressLaunches.count == 2)
    scene.tell(.drained(group: 0, epoch: 1))
    scene.carryOutAllStops()
    #expect(scene.application.groups.map(\.phase.isRunning) == [false, true])
    scene.becomeReady(group: 0)
    scene.tell(.drained(group: 1, epoch: 1))
    scene.carryOutAllStops()
    scene.becomeReady(group: 1)
    #expect(scene.server.status == .healthy && scene.application.revision == 1)
    #expect(scene.effects.launches.map(\.group) == [0, 1, 0, 1])
    #expect(scene.application.groups.map(\.restarts) == [0, 0])
  }

  @Test func `of the ingress never has fewer replicas serve than are asked for`() throws {
    var scene = try healthy()
    restart(&scene, ranks: false)
    #expect(scene.effects.ingressLaunches.count == 3 && scene.effects.ingressStops.isEmpty)
    #expect(scene.effects.launches.count == 1)
    for _ in 0..<10 {
      scene.acknowledge()
      #expect(scene.application.ingress.replicas.count { $0.phase == .running } >= 2)
      scene.carryOutAllStops()
    }
    #expect(scene.ingressStatus.status == .healthy && scene.effects.ingressLaunches.count == 4)
  }

  /// LWS #225: a controller that restarted in mid-roll rolled all groups at once.
  @Test func `is gone on with by the next controller where the former one stood`() throws {
    var scene = try healthy(.sample(groups: 3))
    restart(&scene, ingress: false)
    scene.tell(.drained(group: 0, epoch: 1))
    scene.carryOutAllStops()
    scene.becomeReady(group: 0)
    let written = try JSONEncoder().encode(scene.application)
    scene.application = try JSONDecoder().decode(Application.self, from: written)
    scene.effects = scene.application.resume(at: scene.now) { _ in .here }
    #expect(scene.application.groups.map(\.phase.isRunning) == [true, false, true])
    #expect(scene.effects.launches.isEmpty)
  }

  @Test func `is superseded by an apply, and an apply that changes nothing repeats none of it`() throws {
    var scene = try healthy()
    restart(&scene, ingress: false)
    let other = ApplicationSpec.sample(engine: ["--model", "n"]).following(scene.application.spec)
    try scene.apply(other)
    scene.tell(.drained(group: 0, epoch: 1))
    scene.carryOutAllStops()
    scene.becomeReady()
    #expect(scene.effects.launches.map(\.engine.arguments) == [["--model", "m"], ["--model", "n"]])
    #expect(try scene.apply(other).isEmpty && scene.server.status == .healthy)
  }
}

@Suite struct `A rollout of several groups` {
  private func begin(_ change: (inout ReplacementRule) -> Void) throws -> Scene {
    var spec = ApplicationSpec.sample(groups: 3, devices: 8)
    var scene = try Scene(spec)
    for group in 0..<3 { scene.becomeReady(group: group) }
    scene.effects = []
    spec.engine.arguments = ["--model", "n"]
    change(&spec.replacement)
    try scene.apply(spec)
    return scene
  }

  private func draining(_ scene: Scene) -> [Int] {
    scene.application.groups.filter { if case .draining = $0.phase { true } else { false } }.map(\.index)
  }

  @Test func `stops one, or as many as may be down, or all at once`() throws {
    #expect(try draining(begin { $0.surges = false }).count == 1)
    #expect(try draining(begin { ($0.surges, $0.most) = (false, 2) }).count == 2)
    #expect(try draining(begin { ($0.surges, $0.most) = (false, nil) }) == [0, 1, 2])
  }

  @Test func `is planned as it will be`() throws {
    var scene = try Scene(.sample(groups: 3, devices: 8))
    scene.now = .seconds(5)
    for group in 0..<3 { scene.becomeReady(group: group) }
    var new = ApplicationSpec.sample(groups: 3, devices: 8)
    new.engine.arguments = ["n"]
    new.replacement.surges = false
    let rolling = RolloutPlan(from: scene.application, to: new)
    #expect(rolling.interruption == .zero && rolling.steps[0].contains("one after the other"))
    new.replacement.most = nil
    let all = RolloutPlan(from: scene.application, to: new)
    #expect(all.interruption == .seconds(5) && all.steps[0].contains("all 3 groups are replaced"))
  }
}

@Suite struct `A further group during a rollout` {
  private let changed = ApplicationSpec.sample(devices: 4, engine: ["--model", "n"])

  private func rolling() throws -> Scene {
    var scene = try Scene(.sample(devices: 4))
    scene.becomeReady()
    scene.effects = []
    try scene.apply(changed)
    return scene
  }

  @Test func `serves where there is room before the only group gives up its engine, and ends after it`()
    throws
  {
    var scene = try rolling()
    #expect(scene.effects.launches.map(\.group) == [1])
    #expect(try scene.group(0).phase == .running && scene.application.table.entries.map(\.group) == [0, 0])
    scene.becomeReady(group: 1)
    guard case .draining = try scene.group(0).phase else {
      Issue.record("group 0 must drain now")
      return
    }
    #expect(scene.application.table.entries.filter { !$0.isDraining }.map(\.group) == [1, 1])
    scene.tell(.drained(group: 0, epoch: 1))
    scene.carryOutAllStops()
    scene.becomeReady(group: 0)
    #expect(scene.application.table.entries.filter { !$0.isDraining }.map(\.group) == [0, 0])
    scene.tell(.drained(group: 1, epoch: 1))
    scene.carryOutAllStops()
    scene.acknowledge()
    #expect(scene.application.groups.map(\.index) == [0] && scene.server.status == .healthy)
    #expect(scene.effects.launches.allSatisfy { $0.engine.arguments == ["--model", "n"] })
  }

  @Test func `that cannot start takes nothing away, and goes when its revision is taken back`() throws {
    var scene = try rolling()
    scene.application.rollBackOnFailure()
    scene.rank(.ended(.exited(78), lastLine: "error: no such option"), 0, group: 1)
    scene.carryOutAllStops()
    #expect(scene.application.status == .deployFailed)
    #expect(scene.effects.contains { if case .rollBack(to: 1, _) = $0 { true } else { false } })
    #expect(scene.application.table.entries.map(\.isDraining) == [false, false])
    try scene.apply(.sample(devices: 4))
    scene.carryOutAllStops()
    scene.acknowledge()
    #expect(scene.application.groups.map(\.index) == [0] && scene.application.groups[0].epoch == 1)
    #expect(scene.server.status == .healthy)
  }

  @Test func `is none where there is no room, and a plan says which it will be`() throws {
    var tight = try Scene()
    tight.becomeReady()
    #expect(try tight.apply(.sample(engine: ["--model", "n"])).launches.isEmpty)
    var roomy = try Scene(.sample(devices: 4))
    roomy.now = .seconds(5)
    roomy.becomeReady()
    let plan = RolloutPlan(from: roomy.application, to: changed)
    #expect(plan.interruption == .zero && plan.steps.first?.contains("further group") == true)
    #expect(RolloutPlan(from: roomy.application, to: .sample(engine: ["n"])).interruption == .seconds(5))
  }

  @Test func `waits while the rollout is paused, and dies without harm`() throws {
    var scene = try rolling()
    scene.effects += scene.application.pause(true, at: scene.now)
    scene.becomeReady(group: 1)
    #expect(try scene.group(0).phase == .running && scene.group(1).phase == .running)
    scene.effects += scene.application.pause(false, at: scene.now)
    scene.rank(.ended(.signalled(9), lastLine: nil), 0, group: 1)
    scene.carryOutAllStops()
    #expect(try scene.group(1).epoch == 2)
  }
}

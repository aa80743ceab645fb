import ControlAPI
import Testing

@testable import Deployment

@Suite struct `Re-apply` {
  private func healthy(_ spec: ApplicationSpec = .sample()) throws -> Scene {
    var scene = try Scene(spec)
    for group in 0..<spec.groups { scene.becomeReady(group: group) }
    #expect(scene.application.status == .running)
    return scene
  }

  @Test func `an unchanged spec has no effect`() throws {
    var scene = try healthy()
    #expect(try scene.apply(scene.application.spec).isEmpty)
    #expect(scene.application.status == .running)
  }

  @Test func `an unchanged spec tries again what had failed`() throws {
    var scene = try Scene()
    scene.carryOutStops(scene.rank(.ended(.exited(78), lastLine: nil), 0))
    #expect(scene.server.status == .deployFailed)
    #expect(try scene.apply(scene.application.spec).launches.map(\.epoch) == [2])
    #expect(scene.server.status == .updating)
  }

  @Test func `more ingress replicas start without touching the ranks`() throws {
    var scene = try healthy()
    let effects = try scene.apply(.sample(ingress: 4))
    #expect(effects.ingressLaunches.map(\.index) == [2, 3])
    #expect(effects.launches.isEmpty && effects.rankStops.isEmpty && effects.tables.isEmpty)
    #expect(scene.ingressStatus.status == .upscaling)
    #expect(scene.ingressStatus.message.hasPrefix("needs 4 ingress replicas, has 2; ingress-2 starts"))
    scene.acknowledge()
    #expect(scene.ingressStatus.status == .healthy)
    #expect(scene.ingressStatus.statusTrigger == .upscaleCompleted)
  }

  @Test func `fewer ingress replicas stop the highest, after their requests`() throws {
    var scene = try healthy(.sample(ingress: 4))
    let effects = try scene.apply(.sample(ingress: 1))
    #expect(effects.ingressStops == [3, 2, 1])
    #expect(scene.ingressStatus.status == .downscaling || scene.ingressStatus.status == .healthy)
    scene.carryOutStops(effects)
    #expect(scene.application.ingress.replicas.map(\.index) == [0])
    #expect(scene.ingressStatus.statusTrigger == .downscaleCompleted)
  }

  @Test func `other ingress settings roll the replicas, and never fewer serve than are asked for`() throws {
    var scene = try healthy(.sample(ingress: 4))
    var pending = try scene.apply(.sample(ingress: 4, ingressArguments: ["--policy", "round_robin"]))
    #expect(pending.ingressLaunches.count == 1)
    var rounds = 0
    while scene.ingressStatus.status != .healthy {
      rounds += 1
      try #require(rounds < 20)
      let serving = scene.application.ingress.replicas.count { $0.phase == .running }
      #expect(serving >= 4)
      pending = scene.acknowledge() + scene.carryOutStops(pending)
    }
    #expect(scene.application.ingress.replicas.count == 4)
    #expect(
      scene.application.ingress.replicas.allSatisfy { $0.spec.arguments == ["--policy", "round_robin"] })
    #expect(scene.effects.launches.count == 1)
  }

  @Test func `another engine drains the group and starts it anew`() throws {
    var scene = try healthy()
    let effects = try scene.apply(.sample(engine: ["--model", "other"]))
    #expect(effects.rankStops.isEmpty)
    #expect(effects.tables.map { $0.entries.allSatisfy(\.isDraining) } == [true])
    #expect(scene.server.status == .updating)
    let stop = scene.tell(.drained(group: 0, epoch: 1))
    #expect(stop.rankStops == [[0, 1]])
    let launches = scene.carryOutStops(stop).launches
    #expect(launches.map(\.engine.arguments) == [["--model", "other"]])
    scene.becomeReady()
    #expect(scene.server.status == .healthy)
    #expect(try scene.group().restarts == 0)
  }

  @Test func `a drain ends at its deadline`() throws {
    var scene = try healthy()
    try scene.apply(.sample(engine: ["--model", "other"]))
    #expect(scene.pass(.seconds(29)).isEmpty)
    #expect(scene.pass(.seconds(1)).rankStops == [[0, 1]])
  }

  @Test func `with several groups one at a time gives up its old engine`() throws {
    var scene = try healthy(.sample(groups: 2))
    var effects = try scene.apply(.sample(groups: 2, engine: ["--model", "other"]))
    #expect(scene.application.groups.map(\.phase.isRunning) == [false, true])
    effects = scene.carryOutStops(scene.tell(.drained(group: 0, epoch: 1)))
    #expect(effects.launches.map(\.group) == [0])
    #expect(scene.application.groups.map(\.phase.isRunning) == [false, true])
    scene.becomeReady(group: 0)
    #expect(scene.application.groups.map(\.phase.isRunning) == [true, false])
    scene.carryOutStops(scene.tell(.drained(group: 1, epoch: 1)))
    scene.becomeReady(group: 1)
    #expect(scene.server.status == .healthy)
  }

  /// LWS #280: such a group came back with ranks of both revisions.
  @Test func `an old group that dies in mid-roll comes back whole as it was, and is replaced in its turn`()
    throws
  {
    var scene = try healthy(.sample(groups: 2))
    try scene.apply(.sample(groups: 2, engine: ["--model", "other"]))
    let effects = scene.rank(.ended(.signalled(9), lastLine: nil), 1, group: 1)
    let launches = scene.carryOutStops(effects).launches
    #expect(launches.map(\.group) == [1])
    #expect(launches.allSatisfy { $0.engine.arguments == ["--model", "m"] && $0.ranks == [0, 1] })
    scene.becomeReady(group: 1)
    scene.carryOutStops(scene.tell(.drained(group: 0, epoch: 1)))
    scene.becomeReady(group: 0)
    scene.carryOutStops(scene.tell(.drained(group: 1, epoch: 2)))
    scene.becomeReady(group: 1)
    #expect(
      scene.application.groups.map(\.engine.arguments) == [["--model", "other"], ["--model", "other"]])
    #expect(scene.server.status == .healthy)
  }

  @Test func `an old group that has never served is replaced at once`() throws {
    var scene = try Scene(.sample(groups: 2))
    try scene.apply(.sample(groups: 2, engine: ["--model", "other"]))
    scene.carryOutAllStops()
    #expect(
      scene.application.groups.map(\.engine.arguments) == [["--model", "other"], ["--model", "other"]])
  }

  @Test func `a second change during a drain supersedes the first`() throws {
    var scene = try healthy()
    try scene.apply(.sample(engine: ["--model", "second"]))
    try scene.apply(.sample(engine: ["--model", "third"]))
    let launches = scene.carryOutStops(scene.tell(.drained(group: 0, epoch: 1))).launches
    #expect(launches.map(\.engine.arguments) == [["--model", "third"]])
  }

  @Test func `groups are added and taken away without touching the others`() throws {
    var scene = try healthy(.sample(groups: 1))
    let added = try scene.apply(.sample(groups: 3))
    #expect(added.launches.map(\.group) == [1, 2])
    #expect(scene.server.status == .upscaling)
    scene.becomeReady(group: 1)
    scene.becomeReady(group: 2)
    #expect(scene.server.statusTrigger == .upscaleCompleted)
    try scene.apply(.sample(groups: 1))
    #expect(scene.server.status == .downscaling)
    for group in 1...2 { scene.carryOutStops(scene.tell(.drained(group: group, epoch: 1))) }
    scene.acknowledge()
    #expect(scene.application.groups.map(\.index) == [0])
    #expect(scene.server.statusTrigger == .downscaleCompleted)
    #expect(try scene.group().epoch == 1)
  }

  @Test func `a spec without room is refused and changes nothing`() throws {
    var scene = try healthy()
    let before = scene.application
    #expect(throws: PlacementError.self) { try scene.apply(.sample(groups: 99, devices: 8)) }
    #expect(scene.application == before)
  }
}

extension RankGroup.Phase {
  var isRunning: Bool { self == .running }
}

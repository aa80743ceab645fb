import ControlAPI
import Testing

@testable import Deployment

@Suite struct `Ingress replicas` {
  @Test func `they start at once, beside the ranks`() throws {
    let scene = try Scene(.sample(ingress: 64, boardRows: 128))
    #expect(scene.effects.ingressLaunches.map(\.index) == Array(0..<64))
  }

  @Test func `a dead one is started again alone`() throws {
    var scene = try Scene()
    scene.becomeReady()
    let effects = scene.ingress(.ended(.signalled(9), lastLine: nil), 1)
    #expect(effects.ingressLaunches.map(\.life) == [2])
    #expect(effects.rankStops.isEmpty && effects.launches.isEmpty)
    #expect(scene.ingressStatus.status == .unhealthy)
    #expect(scene.server.status == .healthy)
    #expect(scene.ingressStatus.replicas.map(\.restarts) == [0, 1])
    scene.acknowledge()
    #expect(scene.ingressStatus.status == .healthy)
  }

  @Test func `one that cannot work gives up with its last words`() throws {
    var scene = try Scene()
    scene.ingress(.ended(.exited(78), lastLine: "dpingress: error: bad key file"), 0)
    #expect(scene.ingressStatus.status == .deployFailed)
    #expect(scene.ingressStatus.message.contains("bad key file"))
  }

  @Test func `one that never takes a table is ended`() throws {
    var scene = try Scene()
    let effects = scene.pass(.seconds(15))
    #expect(effects.ingressStops == [0, 1])
    #expect(scene.pass(.seconds(1)).isEmpty)
    #expect(scene.carryOutStops(effects).ingressLaunches.count == 2)
  }

  @Test func `an index that comes back counts its lives on`() throws {
    var scene = try Scene()
    scene.becomeReady()
    scene.carryOutStops(try scene.apply(.sample(ingress: 1)))
    let effects = try scene.apply(.sample(ingress: 2))
    #expect(effects.ingressLaunches.map(\.life) == [2])
    let late = scene.tell(.ingress(.ended(.exited(0), lastLine: nil), index: 1, life: 1))
    #expect(late.isEmpty)
  }

  @Test func `none gets an index beyond the board's rows, and the count is reached when some have gone`()
    throws
  {
    var scene = try Scene(.sample(ingress: 6))
    scene.becomeReady()
    let changed = ApplicationSpec.sample(ingress: 6, ingressArguments: ["--policy", "round_robin"])
    try scene.apply(changed)
    var rounds = 0
    while scene.ingressStatus.status != .healthy {
      rounds += 1
      try #require(rounds < 40)
      #expect(scene.application.ingress.replicas.allSatisfy { $0.index < 8 })
      scene.acknowledge()
      scene.carryOutAllStops()
    }
    #expect(scene.application.ingress.replicas.allSatisfy { $0.spec == changed.ingress })
  }
}

import ControlAPI
import HAProxy
import Testing

@testable import Deployment

@Suite struct `An HAProxy before the ingress` {
  @Test func `starts beside the replicas, which clients reach through it alone`() throws {
    let scene = try Scene(.behindFront())
    let launches = scene.effects.ingressLaunches
    #expect(launches.map(\.ingress.station) == [.behindFront, .behindFront, .front(.sample(slots: 8))])
    #expect(scene.front?.replicas.map(\.id) == ["front-0"])
    #expect(scene.front?.replicas.map(\.role) == [.front])
  }

  @Test func `is what the application waits for, too`() throws {
    var scene = try Scene(.behindFront())
    scene.becomeReady()
    #expect(scene.application.status == .deploying)
    #expect(scene.front?.message.contains("front-0 starts") == true)
    scene.frontAnswers()
    #expect(scene.application.status == .running && scene.front?.status == .healthy)
  }

  @Test func `is told of replicas that come, die, come back and go`() throws {
    var scene = try Scene(.behindFront())
    scene.becomeReady()
    scene.frontAnswers()
    #expect(scene.slots == [.ready, .ready])
    scene.ingress(.ended(.signalled(9), lastLine: nil), 1)
    #expect(scene.slots == [.ready, .maint])
    scene.acknowledge()
    #expect(scene.slots == [.ready, .ready])
    let effects = try scene.apply(.behindFront(ingress: 1))
    #expect(scene.slots == [.ready, .drain])
    scene.carryOutStops(effects)
    #expect(scene.slots == [.ready])
  }

  @Test func `sends nothing new to a replica that an operator cordons`() throws {
    var scene = try Scene(.behindFront())
    scene.becomeReady()
    scene.effects += scene.application.setCordons([.ingress(1)], at: scene.now)
    #expect(scene.slots == [.ready, .drain])
    scene.effects += scene.application.setCordons([], at: scene.now)
    #expect(scene.slots == [.ready, .ready])
    #expect(throws: CordonError.noSuch(.front(0))) {
      try scene.application.checkCordon([.front(0)], force: true)
    }
  }

  @Test func `knocks at the last replica until it is back`() throws {
    var scene = try Scene(.behindFront(ingress: 1))
    scene.becomeReady()
    scene.ingress(.ended(.signalled(9), lastLine: nil), 0)
    #expect(scene.slots == [.ready])
  }

  @Test func `is started again when it dies, at no cost to the replicas`() throws {
    var scene = try Scene(.behindFront())
    scene.becomeReady()
    scene.frontAnswers()
    let effects = scene.tell(.front(.ended(.signalled(9), lastLine: nil), index: 0, life: 1))
    #expect(effects.ingressLaunches.map(\.ingress.isFront) == [true])
    #expect(effects.ingressStops.isEmpty && scene.front?.status == .unhealthy)
    #expect(effects.records.contains { $0.message.hasPrefix("front-0 ended (signal 9 (SIGKILL))") })
    scene.frontAnswers()
    #expect(scene.front?.status == .healthy && scene.front?.replicas.map(\.restarts) == [1])
  }

  @Test func `is replaced by another before it ends when its settings change`() throws {
    var scene = try Scene(.behindFront())
    scene.becomeReady()
    scene.frontAnswers()
    var changed = ApplicationSpec.behindFront()
    changed.front?.settings.threads = 4
    let effects = try scene.apply(changed)
    #expect(effects.ingressLaunches.map(\.index) == [1] && effects.frontStops.isEmpty)
    #expect(scene.frontAnswers().frontStops == [0])
    #expect(effects.ingressStops.isEmpty)
  }

  @Test func `goes with the application, and alone when nobody asks for it any more`() throws {
    var scene = try Scene(.behindFront())
    scene.becomeReady()
    scene.frontAnswers()
    var alone = scene
    let effects = try alone.apply(.sample())
    #expect(effects.frontStops == [0])
    alone.tell(.front(.ended(.exited(0), lastLine: nil), index: 0, life: 1))
    #expect(alone.front == nil)
    scene.delete()
    scene.carryOutAllStops()
    #expect(!scene.application.isGone)
    scene.tell(.front(.ended(.exited(0), lastLine: nil), index: 0, life: 1))
    #expect(scene.application.isGone)
  }
}

extension FrontSpec {
  fileprivate static func sample(slots: Int) -> FrontSpec {
    FrontSpec(
      executable: "/usr/sbin/haproxy",
      settings: FrontSettings(
        usesTLS: false, offersHTTP2: true, requestsPerSecond: nil, rateKey: .address,
        checkIntervalMilliseconds: 2000, threads: 1, maxConnections: 100, timeoutMilliseconds: 1000,
        drainMilliseconds: 1000, slots: slots), certificate: nil, key: nil, stamp: "")
  }
}

extension ApplicationSpec {
  fileprivate static func behindFront(ingress: Int = 2) -> ApplicationSpec {
    var spec = sample(ingress: ingress)
    spec.stand(behind: .sample(slots: 0))
    return spec
  }
}

extension [Effect] {
  fileprivate var frontStops: [Int] {
    compactMap { if case .stopFront(let index, _, _) = $0 { index } else { nil } }
  }
}

extension Scene {
  fileprivate var front: DeploymentStatus? {
    application.deployments(at: now).first { $0.name == Application.frontName }
  }

  /// What the front was told last.
  fileprivate var slots: [SlotState]? {
    effects.compactMap { if case .publishSlots(let slots) = $0 { slots.states } else { nil } }.last
  }

  /// Every front takes what it was told last.
  @discardableResult
  fileprivate mutating func frontAnswers() -> [Effect] {
    let version = application.frontSlots?.version ?? 0
    return (application.front?.replicas ?? []).flatMap {
      tell(.front(.acknowledged(version: version), index: $0.index, life: $0.life))
    }
  }
}

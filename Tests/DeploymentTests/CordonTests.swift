import ControlAPI
import FoundationEssentials
import Testing

@testable import Deployment

@Suite struct `A cordon` {
  private func healthy(_ spec: ApplicationSpec = .sample()) throws -> Scene {
    var scene = try Scene(spec)
    for group in 0..<spec.groups { scene.becomeReady(group: group) }
    return scene
  }

  @Test func `leaves a rank running without new requests, and says so`() throws {
    var scene = try healthy()
    try scene.application.checkCordon([.rank(group: 0, rank: 1)], force: false)
    let effects = scene.application.setCordons([.rank(group: 0, rank: 1)], at: scene.now)
    #expect(effects.tables.map { $0.entries.map(\.isDraining) } == [[false, true]])
    #expect(effects.rankStops.isEmpty && effects.records.map(\.kind) == [.cordoned])
    scene.acknowledge()
    #expect(scene.server.status == .healthy)
    #expect(scene.server.replicas.map(\.state) == [.running, .cordoned])
    #expect(scene.server.message == "dp1 cordoned: no new requests; next: `dpdeploy uncordon demo dp1`")
    let back = scene.application.setCordons([], at: scene.now)
    #expect(back.tables.map { $0.entries.map(\.isDraining) } == [[false, false]])
    #expect(scene.server.message == "" && scene.server.replicas.allSatisfy { $0.state == .running })
  }

  @Test func `outlives its rank's process and its group, and is written down`() throws {
    var scene = try healthy()
    _ = scene.application.setCordons([.rank(group: 0, rank: 1)], at: scene.now)
    scene.carryOutStops(scene.rank(.ended(.signalled(9), lastLine: nil), 1))
    scene.becomeReady()
    #expect(scene.server.replicas.map(\.state) == [.running, .cordoned])
    let bytes = try JSONEncoder().encode(scene.application)
    let reread = try JSONDecoder().decode(Application.self, from: bytes)
    #expect(reread == scene.application && reread.cordons == [.rank(group: 0, rank: 1)])
  }

  @Test func `tells an ingress replica, and goes with the one it was for`() throws {
    var scene = try healthy(.sample(ingress: 3))
    let effects = scene.application.setCordons([.ingress(2)], at: scene.now)
    #expect(effects.contains(.cordonIngress(index: 2, true)) && effects.tables.isEmpty)
    #expect(scene.ingressStatus.replicas.map(\.state) == [.running, .running, .cordoned])
    let fewer = try scene.apply(.sample(ingress: 2))
    #expect(scene.application.cordons.isEmpty && fewer.records.contains { $0.kind == .uncordoned })
  }

  @Test func `is refused for a stranger, and for the last that takes requests unless forced`() throws {
    var scene = try healthy()
    let application = scene.application
    #expect(throws: CordonError.noSuch(.rank(group: 1, rank: 0))) {
      try application.checkCordon([.rank(group: 1, rank: 0)], force: false)
    }
    #expect(throws: CordonError.last(.rank(group: 0, rank: 0))) {
      try application.checkCordon([.rank(group: 0, rank: 0), .rank(group: 0, rank: 1)], force: false)
    }
    try application.checkCordon([.rank(group: 0, rank: 0), .rank(group: 0, rank: 1)], force: true)
    _ = scene.application.setCordons([.ingress(0)], at: scene.now)
    let cordoned = scene.application
    #expect(throws: CordonError.last(.ingress(1))) {
      try cordoned.checkCordon([.ingress(1)], force: false)
    }
  }

  @Test func `is empty in a checkpoint of a version that knew none`() throws {
    let scene = try healthy()
    let text = String(decoding: try JSONEncoder().encode(scene.application), as: UTF8.self)
    #expect(text.contains("\"cordons\":[],") || text.contains(",\"cordons\":[]"))
    let former = text.replacing("\"cordons\":[],", with: "").replacing(",\"cordons\":[]", with: "")
    #expect(try JSONDecoder().decode(Application.self, from: Data(former.utf8)) == scene.application)
  }

  @Test(arguments: ["dp0", "g1-dp12", "ingress-3"])
  func `names replicas as the status does`(name: String) {
    #expect(ReplicaName(name)?.description == name)
  }

  @Test(arguments: ["", "dp", "dp01", "g0-dp1", "ingress", "ingress--1", "g1-dp1-x", "rank-1"])
  func `names nothing that the status does not`(name: String) {
    #expect(ReplicaName(name) == nil)
  }
}

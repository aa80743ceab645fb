import ControlAPI
import FoundationEssentials
import Testing

@testable import Deployment

@Suite struct `An application under the next controller` {
  /// What the next controller reads is what the former one wrote.
  private func reread(_ application: Application) throws -> Application {
    try JSONDecoder().decode(Application.self, from: JSONEncoder().encode(application))
  }

  @Test func `is written down and read back without loss, whatever it is doing`() throws {
    var scene = try Scene()
    #expect(try reread(scene.application) == scene.application)
    scene.becomeReady()
    scene.rank(.ended(.exited(7), lastLine: "ü"), 1)
    #expect(try reread(scene.application) == scene.application)
    scene.carryOutAllStops()
    try scene.apply(.sample(engine: ["--model", "n"]))
    #expect(try reread(scene.application) == scene.application)
    scene.delete()
    #expect(try reread(scene.application) == scene.application)
  }

  @Test func `starts nothing that lives, and gives the ingress a newer table`() throws {
    var scene = try Scene()
    scene.becomeReady()
    let before = scene.application.table.version
    let effects = scene.application.resume(at: scene.now) { _ in .here }
    #expect(effects.launches.isEmpty && effects.ingressLaunches.isEmpty && effects.rankStops.isEmpty)
    #expect(effects.tables.allSatisfy { $0.version > before } && effects.tables.count == 1)
    #expect(scene.server.replicas.allSatisfy { $0.epoch == 1 && $0.state == .running })
  }

  @Test func `starts what was intended and did not happen, in the epoch that was intended`() throws {
    var scene = try Scene()
    let effects = scene.application.resume(at: .seconds(100)) { place in
      place == .rank(group: 0, rank: 0, epoch: 1) ? .here : .neverStarted
    }
    #expect(effects.launches.map(\.ranks) == [[1]] && effects.launches.map(\.epoch) == [1])
    #expect(effects.ingressLaunches.map(\.index) == [0, 1])
    // The time without a controller counts for no start that stood still.
    scene.now = .seconds(100)
    #expect(scene.tell(.tick).rankStops.isEmpty)
  }

  @Test func `restarts a gang once, however many of it died meanwhile`() throws {
    var scene = try Scene()
    scene.becomeReady()
    let effects = scene.application.resume(at: scene.now) { place in
      if case .rank = place { .ended(.unknown, lastLine: nil) } else { .here }
    }
    #expect(effects.launches.map(\.epoch) == [2])
    #expect(effects.records.count { $0.kind == .rankDied } == 1)
  }

  @Test func `asks again for ends and drains that nobody may have carried out`() throws {
    var scene = try Scene()
    scene.becomeReady()
    scene.rank(.ended(.exited(7), lastLine: nil), 1)
    #expect(scene.application.resume(at: scene.now) { _ in .here }.rankStops == [[0]])
    var other = try Scene()
    other.becomeReady()
    try other.apply(.sample(engine: ["--model", "n"]))
    let effects = other.application.resume(at: other.now) { _ in .here }
    #expect(effects.contains(.watchDrain(group: 0, epoch: 1)))
  }
}

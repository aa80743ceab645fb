import ControlAPI
import Testing

@testable import Deployment

@Suite struct `Deletion` {
  @Test func `the ingress ends first, then the ranks, then everything is removed`() throws {
    var scene = try Scene()
    scene.becomeReady()
    let first = scene.delete()
    #expect(first.ingressStops == [1, 0] && first.rankStops.isEmpty)
    #expect(scene.application.status == .deleting)
    #expect(scene.server.statusTrigger == .deleting)
    #expect(scene.server.message == "being deleted; 4 processes left")
    let second = scene.carryOutStops(first)
    #expect(second.rankStops == [[0, 1]])
    let third = scene.carryOutStops(second)
    #expect(third.contains(.dismantle))
    #expect(scene.application.isGone)
    #expect(scene.records.last?.kind == .deleted)
  }

  @Test func `a delete during a start, a back-off or after giving up leaves nothing`() throws {
    for deaths in 0...8 {
      var scene = try Scene()
      for _ in 0..<deaths {
        scene.rank(.ended(.exited(1), lastLine: nil), 0)
        scene.carryOutAllStops()
        if let deadline = scene.application.nextDeadline, deaths.isMultiple(of: 2) {
          scene.pass(deadline - scene.now)
        }
      }
      scene.delete()
      scene.carryOutAllStops()
      #expect(scene.application.isGone, "after \(deaths) deaths")
      #expect(scene.effects.count { $0 == .dismantle } == 1)
    }
  }

  @Test func `a rank that dies during a delete is not started again`() throws {
    var scene = try Scene()
    scene.becomeReady()
    let stops = scene.delete()
    let dead = scene.rank(.ended(.signalled(9), lastLine: nil), 0)
    let rest = scene.carryOutStops(stops) + scene.carryOutStops(dead)
    scene.carryOutStops(rest)
    #expect(scene.application.isGone)
  }

  @Test func `deleting twice is deleting once`() throws {
    var scene = try Scene()
    scene.delete()
    #expect(scene.delete().isEmpty)
  }
}

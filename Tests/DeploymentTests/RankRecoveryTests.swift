import ControlAPI
import Testing

@testable import Deployment

@Suite struct `A group that outlives its ranks` {
  /// Three ranks that serve.
  private func scene() throws -> Scene {
    var spec = ApplicationSpec.sample(size: 3)
    spec.engine.recovers = true
    var scene = try Scene(spec)
    scene.becomeReady()
    return scene
  }

  @Test func `goes on and starts the dead rank anew in its own life`() throws {
    var scene = try scene()
    let effects = scene.rank(.ended(.signalled(9), lastLine: "x"), 1)
    #expect(effects.rankStops.isEmpty)
    let launch = try #require(effects.launches.first)
    #expect(launch.ranks == [1] && launch.epoch == 2 && launch.life == 1)
    #expect(effects.tables.last?.entries.map(\.rank) == [0, 2])
    #expect(effects.records.map(\.kind).starts(with: [.rankDied, .rankRestarting]))
    #expect(scene.server.status == .unhealthy && scene.application.status == .unhealthy)
    #expect(scene.server.replicas.map(\.state) == [.running, .starting, .running])
    #expect(scene.server.message.contains("needs 3 ranks, has 2"))
  }

  @Test func `is whole again when the new rank answers`() throws {
    var scene = try scene()
    scene.rank(.ended(.signalled(9), lastLine: nil), 1)
    let effects = scene.rank(.ready, 1, epoch: 2)
    #expect(effects.tables.last?.entries.map(\.epoch) == [1, 2, 1])
    #expect(effects.records.map(\.kind).contains(.rankRunning))
    scene.acknowledge()
    #expect(scene.server.status == .healthy)
    #expect(scene.server.replicas.map(\.restarts) == [0, 1, 0])
  }

  @Test func `does not mistake news of the former process for the new one's`() throws {
    var scene = try scene()
    scene.rank(.ended(.signalled(9), lastLine: nil), 1)
    #expect(scene.rank(.ended(.signalled(9), lastLine: nil), 1, epoch: 1).isEmpty)
    #expect(scene.rank(.ready, 1, epoch: 1).isEmpty)
    #expect(try scene.group().readyCount == 2)
  }

  @Test func `restarts whole when nobody is left that serves`() throws {
    var scene = try scene()
    for rank in [0, 1] { scene.rank(.ended(.signalled(9), lastLine: nil), rank, epoch: 1) }
    let effects = scene.rank(.ended(.signalled(9), lastLine: nil), 2, epoch: 1)
    // The two that were to join are ended with it, each by its own epoch.
    #expect(effects.rankStops == [[0], [1]])
    let next = scene.carryOutStops(effects)
    #expect(
      next.launches.map(\.ranks) == [[0, 1, 2]] && next.launches.first?.life == next.launches.first?.epoch)
  }

  @Test func `waits longer between the restarts of one rank, and gives it up in the end`() throws {
    var scene = try scene()
    var epoch = 1
    for round in 1...RestartBudget.limit {
      var effects = scene.rank(.ended(.exited(1), lastLine: nil), 1, epoch: epoch)
      if effects.launches.isEmpty {
        #expect(round > 1)
        let due = try #require(scene.application.nextDeadline)
        effects = scene.pass(due - scene.now)
      }
      epoch = try #require(effects.launches.first?.epoch)
    }
    let last = scene.rank(.ended(.exited(1), lastLine: nil), 1, epoch: epoch)
    #expect(last.launches.isEmpty && last.records.map(\.kind).contains(.rankFailed))
    #expect(scene.server.status == .unhealthy && scene.application.table.entries.map(\.rank) == [0, 2])
    #expect(scene.pass(.seconds(3600)).launches.isEmpty)
  }

  @Test func `judges a rank by its own time, however long the group has run`() throws {
    var scene = try scene()
    scene.pass(.seconds(3600))
    scene.rank(.ended(.exited(1), lastLine: nil), 1, epoch: 1)
    scene.rank(.ready, 1, epoch: 2)
    // It answered and died at once: the second restart of a streak waits.
    #expect(scene.rank(.ended(.exited(1), lastLine: nil), 1, epoch: 2).launches.isEmpty)
    #expect(scene.application.nextDeadline ?? .zero > scene.now)
  }

  @Test func `never retries what would fail the same way`() throws {
    var scene = try scene()
    scene.rank(.ended(.signalled(9), lastLine: nil), 1)
    let effects = scene.rank(.ended(.exited(78), lastLine: "no such model"), 1, epoch: 2)
    #expect(effects.launches.isEmpty && effects.records.map(\.kind).contains(.rankFailed))
  }

  @Test func `ends a replacement whose start stands still`() throws {
    var scene = try scene()
    scene.rank(.ended(.signalled(9), lastLine: nil), 1)
    let effects = scene.pass(.seconds(61))
    #expect(effects.rankStops == [[1]])
    let next = scene.rank(.ended(.signalled(9), lastLine: nil), 1, epoch: 2)
    #expect(next.records.map(\.kind).contains(.rankRestarting))
  }

  @Test func `leaves as one when it is deleted with a rank on its way`() throws {
    var scene = try scene()
    scene.rank(.ended(.signalled(9), lastLine: nil), 1)
    scene.delete()
    scene.carryOutAllStops()
    #expect(scene.application.isGone)
  }
}

import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// The bugs of LeaderWorkerSet that others met, by their numbers (github.com/kubernetes-sigs/lws/issues).
  @Suite @Loop struct `LeaderWorkerSet had bugs that we have not` {
    @Test func `#291, #804: an update starts each rank once, and two deaths at a time are one restart`()
      async throws
    {
      try await inArena { arena in
        try await arena.begin()
        arena.wish.sequences = 16
        try await #require(arena.apply())
        try await arena.untilAsWished()
        #expect(arena.scan().ranks.allSatisfy { $0.epoch == 2 })
        let victims = arena.scan().ranks.filter { $0.group == "0" }
        for victim in victims { kill(victim.pid, SIGKILL) }
        try await arena.until("group 0 in epoch 3") {
          $0.ranks.count { $0.group == "0" && $0.epoch == 3 } == 2
        }
        try await arena.untilAsWished()
        #expect(arena.scan().ranks.filter { $0.group == "0" }.allSatisfy { $0.epoch == 3 })
        arena.evidence.mostLives = 3
        try await arena.judge()
      }
    }

    @Test func `#225: a controller that restarts in mid-roll goes on with one group at a time`() async throws
    {
      try await inArena { arena in
        arena.wish.groups = 3
        arena.wish.script = "pace:60"
        try await arena.begin()
        arena.wish.sequences = 16
        try await #require(arena.apply())
        try await arena.until("the first new group") { $0.ranks.contains { $0.settings == "16" } }
        await arena.killController()
        try await arena.startController()
        try await arena.untilAsWished()
        for scan in arena.evidence.scans.drop(while: { $0.ranks.count < 6 }) {
          let whole = Dictionary(grouping: scan.ranks, by: \.group).values.count { $0.count == 2 }
          #expect(whole >= 2, "\(scan.ranks.map(\.place))")
        }
        try await arena.judge()
      }
    }

    @Test func `#280: a group that dies in mid-roll comes back whole, at its own revision`() async throws {
      try await inArena { arena in
        arena.wish.groups = 3
        arena.wish.script = "pace:100"
        try await arena.begin()
        arena.wish.sequences = 16
        try await #require(arena.apply())
        try await arena.until("the first new group") { $0.ranks.contains { $0.settings == "16" } }
        let victim = try #require(arena.scan().ranks.first { $0.group == "2" })
        kill(victim.pid, SIGKILL)
        try await arena.until("group 2 as it was") { scan in
          scan.ranks.count { $0.group == "2" && $0.epoch == 2 && $0.settings == "8" } == 2
        }
        try await arena.untilAsWished()
        try await arena.judge()
      }
    }

    @Test func `#725, #726: a group is not restarted while a member is on its way`() async throws {
      try await inArena { arena in
        arena.wish.script = "pace:400"
        try await arena.startController()
        try await #require(arena.apply())
        try await arena.untilAsWished()
        #expect(arena.scan().ranks.allSatisfy { $0.epoch == 1 })
        arena.evidence.mostLives = 1
        try await arena.judge()
      }
    }
  }
}

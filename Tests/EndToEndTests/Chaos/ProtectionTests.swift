import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// The judge sees what the product does when one of its own protections is left out.
  @Suite @Loop struct `Without a protection` {
    @Test func `an acknowledged apply is lost with its controller, and the judge turns red`() async throws {
      try await inArena(without: "durability") { arena in
        try await arena.startController()
        try await #require(arena.apply())
        await arena.killController()
        arena.evidence.store = try StoreView(path: arena.home.stateDatabase, application: Arena.application)
        #expect(!Judge(evidence: arena.evidence).violations(of: .acknowledgedStays).isEmpty)
      }
    }

    @Test func `a rank that no record tells of is started twice, and the judge turns red`() async throws {
      try await inArena(without: "tokens") { arena in
        try await arena.startController()
        try arena.arm("rank.started")
        try await arena.apply()
        try await arena.untilControllerEnds()
        #expect(Judge(evidence: arena.evidence).violations(of: .onePerPlace).isEmpty)
        try await arena.startController()
        try await wait(for: "a second process of a rank", every: .milliseconds(10)) {
          _ = arena.scan()
          return Judge(evidence: arena.evidence).violations(of: .onePerPlace).isEmpty ? nil : ()
        }
      }
    }
  }
}

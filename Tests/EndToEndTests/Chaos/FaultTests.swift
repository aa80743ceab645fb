import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// `make chaos` runs the whole table, `make test` a part of it.
  @Suite @Loop struct `A fault` {
    nonisolated private static let cases = FaultCase.all.filter {
      $0.isShort || Environment["DPDEPLOY_CHAOS"] != nil
    }

    @Test(arguments: cases) func `leaves every invariant as it was`(_ fault: FaultCase) async throws {
      try await inArena { arena in
        arena.wish = fault.wish
        arena.evidence.mayFail = fault.mayFail
        try await arena.begin()
        try await arena.load?.more(2)
        try await fault.act(arena)
        try await arena.untilAsWished()
        try await arena.load?.more(4)
        await arena.endLoad()
        try await arena.judge()
        try await arena.delete()
        try await arena.judge()
      }
    }

    @Test func `of none leaves the controller idle, small and without leaks`() async throws {
      try await inArena { arena in
        try await arena.begin()
        try await arena.load?.more(4)
        await arena.endLoad()
        try arena.noteDescriptors()
        for rank in arena.scan().ranks.prefix(1) { kill(rank.pid, SIGKILL) }
        try await arena.until("the next epoch") { $0.ranks.contains { $0.epoch == 2 } }
        try await arena.untilAsWished()
        try await arena.measureController(for: .seconds(2))
        try await arena.judge()
      }
    }
  }
}

import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// `make chaos` runs all of them, `make test` one of each instant.
  @Suite @Loop struct `A controller that is killed` {
    nonisolated private static let cases =
      Environment["DPDEPLOY_CHAOS"] == nil ? FailpointCase.short : FailpointCase.long

    @Test(arguments: cases) func `at an instant loses nothing, doubles nothing and fails nobody`(
      _ instant: FailpointCase
    ) async throws {
      try await inArena { arena in
        try await arena.startController()
        if instant.deed.needsApplication {
          try await #require(arena.apply())
          try await arena.untilAsWished()
          try await arena.beginLoad()
        }
        try arena.arm(instant.failpoint, count: instant.count)
        try await arena.act(instant.deed)
        try await arena.awaitDeath(instant)
        try await arena.startController()
        try await arena.repeatIfNeeded(instant.deed)
        if instant.deed != .delete {
          try await arena.untilAsWished()
          if arena.load == nil { try await arena.beginLoad() }
          try await arena.load?.more(4)
          await arena.endLoad()
          arena.evidence.store = try StoreView(path: arena.home.stateDatabase, application: Arena.application)
          try await arena.judge()
          try await arena.delete()
        } else {
          arena.evidence.mayFail = true
        }
        try await arena.judge()
      }
    }

    @Test func `can be killed at every instant that it knows`() async throws {
      try await inArena { arena in
        let list = try await Runner(folder: arena.folder, environment: Environment.all).run(
          Tools.path(of: "dpdeployd"), ["--failpoints"], within: .seconds(10))
        let known = Set(list.output.split(separator: "\n").map(String.init))
        #expect(known == Set(FailpointCase.all.map(\.failpoint)) && !known.isEmpty)
      }
    }
  }
}

extension Arena {
  /// Does what leads to the instant; the controller may die under it.
  fileprivate func act(_ deed: FailpointCase.Deed) async throws {
    switch deed {
    case .create: try await apply()
    case .roll:
      wish.sequences = 16
      try await apply()
    case .scale:
      wish.ingress = 3
      try await apply()
    case .shrink:
      wish.ingress = 1
      try await apply()
    case .rankDeath: try killReplica(try #require(try await status()?.replicas(.rank).last))
    case .ingressDeath:
      evidence.mayFail = true
      try killReplica(try #require(try await status()?.replicas(.ingress).last))
    case .fallBack: try await applyBroken()
    case .delete:
      evidence.mayFail = true
      try await dpdeploy("delete", Self.application, "--yes")
    case .restart:
      await killController()
      try await startController()
    case .stop: try await stopController()
    }
  }

  private func applyBroken() async throws {
    let good = wish
    wish.script = "exit78:1"
    wish.sequences = 32
    try await apply()
    wish = good
  }

  /// An instant whose later passes this deed does not come to is none.
  fileprivate func awaitDeath(_ instant: FailpointCase) async throws {
    if instant.count > 1 {
      let deadline = Instant.after(.seconds(2))
      while isArmed, Instant.now < deadline { await Loop.sleep(for: .milliseconds(10)) }
      guard isArmed else { return try await untilControllerEnds() }
      disarm()
      return await killController()
    }
    try await wait(
      for: "the controller to come to \(instant.failpoint)", within: .seconds(15), every: .milliseconds(5)
    ) { isArmed ? nil : () }
    try await untilControllerEnds()
  }

  /// What was not acknowledged is asked for again, as an operator would.
  fileprivate func repeatIfNeeded(_ deed: FailpointCase.Deed) async throws {
    switch deed {
    case .create, .roll, .scale, .shrink: try await #require(apply())
    case .fallBack:
      guard try await status()?.revision == 1 else { return }
      try await applyBroken()
      try await wait(for: "the revision that was healthy", every: .milliseconds(10)) {
        try await status()?.revision == 3 ? () : nil
      }
    case .delete:
      let run = try await dpdeploy("delete", Self.application, "--yes")
      #expect(run.ended(with: 0) || run.errors.contains("no application"), "\(run)")
      noteDeleted()
    case .rankDeath, .ingressDeath, .restart, .stop: break
    }
  }
}

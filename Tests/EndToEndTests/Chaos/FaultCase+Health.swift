import ControlAPI
import Glibc
import Platform
import Testing

// Processes that live and do not serve, and deaths at awkward moments.
extension FaultCase {
  private static func watched(_ change: (inout Arena.Wish) -> Void = { _ in }) -> Arena.Wish {
    var wish = Arena.Wish()
    // So three seconds are too long.
    wish.check = 1
    change(&wish)
    return wish
  }

  static let health: [FaultCase] = [
    FaultCase(name: "a rank gives no token any more, though its heart beats", isShort: true, wish: watched())
    {
      arena in try await arena.stall(SIGUSR1)
    },
    FaultCase(name: "a rank is stopped", wish: watched()) { arena in try await arena.stall(SIGSTOP) },
    FaultCase(name: "a rank is stopped while nobody asks", wish: watched()) { arena in
      await arena.endLoad()
      try await arena.stall(SIGSTOP)
      try await arena.beginLoad()
    },
    FaultCase(name: "an ingress replica is stopped", wish: watched(), mayFail: true) { arena in
      kill(try #require(arena.scan().ingress.first?.pid), SIGSTOP)
      try await arena.until("another one") { $0.ingress.contains { $0.epoch == 2 } }
    },
    FaultCase(
      name: "a start never ends: it is given up, and its revision taken back",
      wish: watched { $0.deadline = 1 }
    ) { arena in
      try await arena.fail(with: "hang:0", sequences: 32)
    },
    FaultCase(
      name: "a revision serves for a moment and then dies: it is taken back at once",
      wish: watched { $0.minReady = 3 }
    ) { arena in
      try await arena.fail(with: "die:0 after:500", sequences: 32)
      let events = try StoreView(path: arena.home.stateDatabase, application: Arena.application).events
      #expect(events.count { $0.reason == "RolledBack" } == 1)
      #expect(events.count { $0.reason == "RankDied" } == 1, "no restart of a revision that is taken back")
    },
  ]

  static let lives: [FaultCase] =
    deaths + ["spawn", "rendezvous", "kvAlloc", "warmup"].map(cannotWork)

  private static let deaths: [FaultCase] = [
    FaultCase(name: "a rank is killed while nobody asks", isShort: true) { arena in
      await arena.endLoad()
      try arena.killReplica(try #require(try await arena.status()?.replicas(.rank).first))
      try await arena.until("the next epoch") { $0.ranks.contains { $0.epoch == 2 } }
      try await arena.untilAsWished()
      try await arena.beginLoad()
    },
    FaultCase(name: "a rank is killed while its group drains", wish: scripted("token:100")) { arena in
      arena.wish.sequences = 16
      try await #require(arena.apply())
      let victim: ReplicaStatus = try await wait(for: "a group that drains", every: .milliseconds(5)) {
        try await arena.status()?.replicas(.rank).first { $0.state == .stopping && $0.pid.value != nil }
      }
      kill(try #require(victim.pid.value), SIGKILL)
    },
    FaultCase(name: "ranks close their standard streams", wish: scripted("closed")) { arena in
      try arena.killReplica(try #require(try await arena.status()?.replicas(.rank).first))
      try await arena.until("the next epoch") { $0.ranks.contains { $0.epoch == 2 } }
    },
  ]

  private static func cannotWork(in phase: String) -> FaultCase {
    FaultCase(name: "a revision cannot work, which shows in \(phase) (exit 78)") { arena in
      try await arena.fail(with: "exit78:0 at:\(phase)", sequences: 32)
    }
  }
}

extension Arena {
  /// Has a rank stand still, and waits for the next life of its gang.
  fileprivate func stall(_ signal: Int32) async throws {
    let before = scan().ranks
    let victim = try #require(before.last)
    kill(victim.pid, signal)
    try await until("the gang's next epoch") { scan in
      scan.ranks.count { $0.group == victim.group && $0.epoch == 2 } == 2
    }
    let others = before.filter { $0.group != victim.group }
    #expect(Set(others).isSubset(of: scan().ranks), "the other group is not touched")
    let name = victim.index.split(separator: "-")
    let replica = (name[0] == "0" ? "" : "g\(name[0])-") + "dp\(name[1])"
    let stalled: [StoreView.Event] = try await wait(for: "word of it", every: .milliseconds(10)) {
      let events = try StoreView(path: home.stateDatabase, application: Self.application).events
      let stalled = events.filter { $0.reason == "GroupStalled" }
      return stalled.isEmpty ? nil : stalled
    }
    #expect(stalled.map(\.replica) == [replica], "\(stalled)")
  }

  /// Applies a revision that fails, and waits until the former one is back.
  fileprivate func fail(with script: String, sequences: Int) async throws {
    let good = wish
    wish.script = script
    wish.sequences = sequences
    try await #require(apply())
    wish = good
    try await wait(for: "the way back", within: .seconds(60), every: .milliseconds(10)) {
      try await status()?.revision == 3 ? () : nil
    }
    try await untilAsWished()
    evidence.recoveries = []
  }
}

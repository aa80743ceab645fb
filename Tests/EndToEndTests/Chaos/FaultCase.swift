import ControlAPI
import Glibc
import Platform
import Randomness
import Testing

/// A row of the fault matrix: what is done to a deployment under load, and what must hold then beside the invariants.
struct FaultCase: CustomTestStringConvertible, Sendable {
  let name: String
  /// Whether `make test` has time for it.
  var isShort = false
  /// What is asked for at first.
  var wish = Arena.Wish()
  /// Whether clients may be told of an error.
  var mayFail = false
  /// Brings the fault about, and ends it.
  let act: @Loop @Sendable (Arena) async throws -> Void

  var testDescription: String { name }

  static func recovering() -> Arena.Wish {
    var wish = Arena.Wish()
    wish.policy = "recover"
    return wish
  }

  static func scripted(_ script: String) -> Arena.Wish {
    var wish = Arena.Wish()
    wish.script = script
    return wish
  }

  static let all: [FaultCase] = [
    signals, ranks, phases, starts, health, lives, controllers, operators, clients, machines,
  ].flatMap(\.self)

  /// Ranks that end, whichever way.
  private static let signals: [FaultCase] = [
    signal(SIGKILL, "SIGKILL", isShort: true), signal(SIGSEGV, "SIGSEGV"), signal(SIGABRT, "SIGABRT"),
    signal(SIGTERM, "SIGTERM, with exit 0"),
  ]

  private static func signal(_ signal: Int32, _ word: String, isShort: Bool = false) -> FaultCase {
    FaultCase(name: "a rank of a gang ends by \(word)", isShort: isShort) { arena in
      let before = arena.scan().ranks
      let victim = try #require(before.last)
      kill(victim.pid, signal)
      try await arena.until("the gang's next epoch") { scan in
        scan.ranks.count { $0.group == victim.group && $0.epoch == 2 } == 2
      }
      // The other group is not touched.
      let others = before.filter { $0.group != victim.group }
      #expect(Set(others).isSubset(of: arena.scan().ranks))
    }
  }

  /// Ranks that die in other ways.
  private static let ranks: [FaultCase] = [
    FaultCase(name: "a rank whose group goes on without it is killed", isShort: true, wish: recovering()) {
      arena in
      let before = arena.scan().ranks
      try arena.killReplica(try #require(try await arena.status()?.replicas(.rank).last))
      try await arena.until("another one") { $0.ranks.contains { $0.epoch == 2 } }
      try await arena.untilAsWished()
      #expect(Set(before).intersection(arena.scan().ranks).count == 3)
    },
    FaultCase(name: "every rank is killed at the same time", isShort: true) { arena in
      for rank in arena.scan().ranks { kill(rank.pid, SIGKILL) }
      try await arena.until("new ones") { $0.ranks.count { $0.epoch == 2 } == 4 }
      #expect(arena.scan().ranks.allSatisfy { $0.epoch == 2 })
    },
    FaultCase(
      name: "a rank forks, and forks into a session of its own", isShort: true, wish: scripted("fork daemon")
    ) {
      arena in
      let victim = try #require(arena.scan().ranks.first)
      try #require(arena.scan().others.count >= 8, "the fakes must have forked")
      kill(victim.pid, SIGKILL)
      try await arena.until("the next epoch") { $0.ranks.contains { $0.epoch == 2 } }
      // What the dead had forked is gone, as often as it forked: two for each living rank.
      try await wait(for: "the end of what the dead left", every: .milliseconds(20)) {
        arena.scan().others.count == 8 ? () : nil
      }
    },
    FaultCase(name: "ranks ignore SIGTERM", wish: scripted("stubborn")) { arena in
      arena.wish.script = ""
      try await #require(arena.apply())
      try await wait(for: "the end of the stubborn", within: .seconds(60)) {
        let status = try await arena.status()
        return status?.isHealthy == true && arena.scan().ranks.allSatisfy { $0.epoch == 2 } ? () : nil
      }
      arena.evidence.recoveries = []
    },
  ]

  /// Starts that are interrupted.
  private static let phases: [FaultCase] = ["spawn", "rendezvous", "load_weights", "kv_alloc", "warmup"].map(
    phase)

  private static func phase(_ phase: String) -> FaultCase {
    FaultCase(name: "a rank is killed in \(phase)", wish: scripted("pace:80")) { arena in
      arena.wish.sequences = 16
      try await #require(arena.apply())
      let victim: ReplicaStatus = try await wait(for: "a rank in \(phase)", every: .milliseconds(5)) {
        let ranks = try await arena.status()?.replicas(.rank) ?? []
        return ranks.first { rank in
          rank.epoch == 2 && rank.phase.value?.rawValue == phase && rank.pid.value != nil
        }
      }
      kill(try #require(victim.pid.value), SIGKILL)
      try await arena.until("the next epoch") { $0.ranks.contains { $0.epoch == 3 } }
    }
  }

  /// Starts that fail.
  private static let starts: [FaultCase] = [
    FaultCase(name: "a revision that cannot work (exit 78) is tried once and taken back", isShort: true) {
      arena in
      let good = arena.wish
      arena.wish.script = "exit78:0"
      arena.wish.sequences = 32
      try await #require(arena.apply())
      arena.wish = good
      try await wait(for: "the way back", every: .milliseconds(10)) {
        try await arena.status()?.revision == 3 ? () : nil
      }
      try await arena.untilAsWished()
      #expect(
        arena.scan().ranks.count { $0.group == "1" && $0.epoch == 1 } == 2, "the other group was not touched")
    },
    FaultCase(name: "a revision that crashes again and again ends its budget and is taken back") { arena in
      let good = arena.wish
      arena.wish.script = "crash:1"
      arena.wish.sequences = 32
      try await #require(arena.apply())
      arena.wish = good
      try await wait(for: "the way back", within: .seconds(60), every: .milliseconds(50)) {
        try await arena.status()?.revision == 3 ? () : nil
      }
      arena.evidence.recoveries = []
      try await arena.untilAsWished()
    },
  ]

  /// What happens to controllers.
  private static let controllers: [FaultCase] = [
    FaultCase(name: "the controller stands still while a rank dies") { arena in
      try await arena.withFrozenController {
        kill(try #require(arena.scan().ranks.first?.pid), SIGKILL)
        try await arena.load?.more(8)
      }
      try await arena.until("the next epoch") { $0.ranks.contains { $0.epoch == 2 } }
    },
    FaultCase(name: "a second controller is started", isShort: true) { arena in
      let run = try await arena.run(Tools.path(of: "dpdeployd"), ["--home", arena.home.path])
      #expect(run.ended(with: 9) && run.errors.contains("controller"), "\(run)")
    },
    FaultCase(name: "revisions A, B, A are applied at once", isShort: true) { arena in
      for sequences in [16, 8, 32] {
        arena.wish.sequences = sequences
        try await #require(arena.apply())
      }
    },
    FaultCase(name: "an apply finds no controller", isShort: true) { arena in
      await arena.killController()
      arena.wish.ingress = 3
      try await #require(arena.apply(), "apply starts a controller")
    },
    FaultCase(name: "the state database is gone, or empty", isShort: true) { arena in
      await arena.killController()
      let path = arena.home.stateDatabase
      for suffix in ["", "-wal", "-shm"] { rename(path + suffix, path + ".kept" + suffix) }
      for isEmpty in [false, true] {
        if isEmpty { close(open(path, O_CREAT | O_WRONLY, 0o600)) }
        let before = Set(arena.scan().leaders)
        let run = try await arena.run(Tools.path(of: "dpdeployd"), ["--home", arena.home.path])
        #expect(run.ended(with: 9) && run.errors.contains("put it back"), "\(run)")
        #expect(before == Set(arena.scan().leaders), "nothing was touched")
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
      }
      for suffix in ["", "-wal", "-shm"] { rename(path + ".kept" + suffix, path + suffix) }
      try await arena.startController()
    },
    FaultCase(name: "the state database is a newer version's", isShort: true) { arena in
      await arena.killController()
      try await arena.setSchema(99)
      let run = try await arena.run(Tools.path(of: "dpdeployd"), ["--home", arena.home.path])
      #expect(run.ended(with: 9) && run.errors.contains("newer"), "\(run)")
      try await arena.load?.more(4)
      try await arena.setSchema(nil)
      try await arena.startController()
    },
    FaultCase(name: "the last transactions are torn off the state database", isShort: true) { arena in
      arena.wish.sequences = 16
      try await #require(arena.apply())
      try await arena.untilAsWished()
      await arena.killController()
      // What a crash of the machine may leave of the log: whole frames, then half of one.
      let wal = arena.home.stateDatabase + "-wal"
      var status = stat()
      if stat(wal, &status) == 0, status.st_size > 5000 { truncate(wal, status.st_size - 2000) }
      try await arena.startController()
    },
  ]

  /// What clients meet with.
  private static let clients: [FaultCase] = [
    FaultCase(name: "an ingress replica is killed", isShort: true, mayFail: true) { arena in
      try arena.killReplica(try #require(try await arena.status()?.replicas(.ingress).first))
      try await arena.until("another one") { $0.ingress.contains { $0.epoch == 2 } }
    },
    FaultCase(name: "every ingress replica is killed", mayFail: true) { arena in
      for replica in arena.scan().ingress { kill(replica.pid, SIGKILL) }
      try await arena.until("others") { $0.ingress.count { $0.epoch == 2 } == 2 }
    },
    FaultCase(name: "somebody writes nonsense to the controller's socket", isShort: true) { arena in
      var random = SplitMix(seed: 7)
      for _ in 0..<100 {
        let socket = try await Socket.connect(
          to: .unix(path: arena.home.controllerSocket), until: .after(.seconds(5)))
        let bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        try? await socket.write(bytes, until: .after(.seconds(1)))
        socket.close()
      }
      #expect(try await arena.status()?.isHealthy == true)
    },
  ]

  /// What the machine does.
  private static let machines: [FaultCase] = [
    FaultCase(name: "the controller has no descriptors left while a rank dies") { arena in
      try await arena.withFewDescriptors {
        kill(try #require(arena.scan().ranks.first?.pid), SIGKILL)
        try await arena.until("the gang's end") { $0.ranks.count <= 2 }
      }
      try await arena.until("the gang") { $0.ranks.count == 4 }
    }
  ]
}

import ControlAPI
import Glibc
import Platform
import Testing

/// The judge is judged: each invariant that is broken on purpose must turn red, and nothing else.
@Suite @Loop struct `A judge` {
  private static func sound() -> Evidence {
    var evidence = Evidence()
    evidence.scans = [
      ProcessScan(leaders: [leader("rank", "0-0"), leader("rank", "0-1"), leader("ingress", "0")])
    ]
    evidence.afterDelete = ProcessScan()
    evidence.acknowledged = [Acknowledgement(revision: 1, manifest: "a")]
    evidence.store = StoreView(
      application: .init(revision: 1, manifest: "a", isDeleting: false), revisions: [1: "a"],
      events: [
        .init(
          sequence: 1, reason: "GroupStarting", replica: "group 0", message: "group 0 starts 2 ranks, epoch 1"
        ),
        .init(
          sequence: 2, reason: "StatusChanged", replica: "s",
          message: "UPDATING → HEALTHY (CONFIG_UPDATE_COMPLETED)"),
        .init(
          sequence: 3, reason: "RankDied", replica: "dp1", message: "dp1 ended (signal 9 (SIGKILL)); epoch 1"),
      ])
    evidence.kills = [KillTrace(replica: "dp1", epoch: 1)]
    evidence.commands = [CommandTrace(words: "status", code: 0, took: .seconds(1), limit: .seconds(5))]
    evidence.streams = [stream(from: 0, to: 1)]
    evidence.statuses = [StatusTrace(time: instant(2), isHealthy: true)]
    evidence.recoveries = [.seconds(1)]
    evidence.controller = ControllerUse(
      idleCPU: 0.001, residentBytes: 10 << 20, descriptors: (20, 22), zombies: 0)
    return evidence
  }

  private static func leader(
    _ role: String, _ index: String, pid: Int32 = 7, settings: String = "8", segment: UInt64 = 5
  ) -> ProcessScan.Leader {
    ProcessScan.Leader(
      pid: pid, startTicks: 1, application: "demo", role: role, index: index, epoch: 1, settings: settings,
      segment: segment)
  }

  private static func instant(_ seconds: Int) -> Instant {
    Instant(nanoseconds: UInt64(seconds) * 1_000_000_000)
  }

  private static func stream(from start: Int, to end: Int, _ text: String = Judge.reference) -> StreamTrace {
    StreamTrace(start: instant(start), end: instant(end), text: text, isDone: true)
  }

  private static func failure(from start: Int, to end: Int) -> StreamTrace {
    StreamTrace(start: instant(start), end: instant(end), text: "", error: "status 503")
  }

  /// A way to break an invariant.
  struct Breakage: CustomTestStringConvertible, Sendable {
    let invariant: Invariant
    let name: String
    let apply: @Loop @Sendable (inout Evidence) -> Void

    var testDescription: String { name }
  }

  nonisolated private static let breakages: [Breakage] = [
    Breakage(invariant: .onePerPlace, name: "a rank is started twice") {
      $0.scans[0].leaders.append(leader("rank", "0-1", pid: 8))
    },
    Breakage(invariant: .nothingAfterDelete, name: "a delete leaves a rank's descendant") {
      $0.afterDelete?.others = [9]
    },
    Breakage(invariant: .oneLifeOfGroup, name: "a rank joins a group of another life") {
      $0.scans[0].leaders[1] = leader("rank", "0-1", segment: 6)
    },
    Breakage(invariant: .oneLifeOfGroup, name: "a rank of another revision joins a group") {
      $0.scans[0].leaders[1] = leader("rank", "0-1", settings: "16")
    },
    Breakage(invariant: .boundedRestarts, name: "a rank is started for ever") {
      for pid in 11...19 { $0.scans.append(ProcessScan(leaders: [leader("rank", "0-0", pid: Int32(pid))])) }
    },
    Breakage(invariant: .boundedRestarts, name: "the controller spins") { $0.controller?.idleCPU = 0.4 },
    Breakage(invariant: .acknowledgedStays, name: "an acknowledged apply is lost") {
      $0.acknowledged.append(Acknowledgement(revision: 2, manifest: "b"))
    },
    Breakage(invariant: .acknowledgedStays, name: "a revision is not what was applied") {
      $0.store?.revisions[1] = "c"
    },
    Breakage(invariant: .statusIsTrue, name: "HEALTHY is told while clients fail") {
      $0.mayFail = true
      $0.streams = [failure(from: 10, to: 10), failure(from: 11, to: 11)]
      $0.statuses.append(StatusTrace(time: instant(12), isHealthy: true))
    },
    Breakage(invariant: .streamsAreWhole, name: "a stream repeats a token") {
      $0.streams.append(stream(from: 1, to: 2, "t0 t0 t1 "))
    },
    Breakage(invariant: .streamsAreWhole, name: "a stream ends in silence") {
      $0.streams[0].isDone = false
    },
    Breakage(invariant: .streamsAreWhole, name: "a stream fails where none may") {
      $0.streams.append(failure(from: 1, to: 1))
    },
    Breakage(invariant: .converges, name: "it does not become HEALTHY again") {
      $0.recoveries = [.seconds(60)]
    },
    Breakage(invariant: .commandsEnd, name: "a command crashes") {
      $0.commands.append(CommandTrace(words: "apply", code: nil, took: .zero, limit: .seconds(5)))
    },
    Breakage(invariant: .commandsEnd, name: "a command hangs") {
      $0.commands.append(CommandTrace(words: "apply", code: 0, took: .seconds(9), limit: .seconds(5)))
    },
    Breakage(invariant: .deathsAreNamed, name: "a death is told of another life") {
      $0.kills = [KillTrace(replica: "dp1", epoch: 2)]
    },
    Breakage(invariant: .deathsAreNamed, name: "a death is not told") {
      $0.kills.append(KillTrace(replica: "ingress-0", epoch: 1))
    },
    Breakage(invariant: .transitionsAreLegal, name: "an epoch is used again") {
      $0.store?.events.append(
        .init(
          sequence: 4, reason: "GroupStarting", replica: "group 0", message: "group 0 starts 2 ranks, epoch 1"
        ))
    },
    Breakage(invariant: .transitionsAreLegal, name: "a status moves where there is no edge") {
      $0.store?.events.append(
        .init(
          sequence: 4, reason: "StatusChanged", replica: "s", message: "HEALTHY → DEPLOY_FAILED (UNSPECIFIED)"
        ))
    },
    Breakage(invariant: .nothingLeaks, name: "descriptors are leaked") {
      $0.controller?.descriptors.after = 40
    },
    Breakage(invariant: .nothingLeaks, name: "a zombie stays") { $0.controller?.zombies = 1 },
  ]

  @Test func `finds nothing wrong with what is sound`() {
    #expect(Judge(evidence: Self.sound()).violations.isEmpty)
  }

  @Test(arguments: breakages) func `turns red where an invariant is broken, and only there`(
    _ breakage: Breakage
  ) {
    var evidence = Self.sound()
    breakage.apply(&evidence)
    #expect(Set(Judge(evidence: evidence).violations.map(\.invariant)) == [breakage.invariant])
  }

  @Test func `knows a breakage of every invariant`() {
    #expect(Set(Self.breakages.map(\.invariant)) == Set(Invariant.allCases))
  }

}

extension `Whole deployments` {
  /// The same with real processes and a real database: what the evidence is made of must show the breakage too.
  @Suite @Loop struct `A judge of the real thing` {
    @Test func `sees a second process of a rank, and a process that outlives the delete`() async throws {
      try await inArena { arena in
        try await arena.startController()
        try await #require(arena.apply())
        try await arena.untilAsWished()
        let rank = try #require(arena.scan().ranks.first)
        let token = try #require(ProcessRecord.environment("DPDEPLOY_TOKEN", ofProcess: rank.pid))
        let twin = try ChildProcess(
          Command(
            "/usr/bin/env", ["python3", "-c", "import time; time.sleep(600)", "--twin"],
            environment: ["DPDEPLOY_TOKEN=\(token)", "DPDEPLOY_HOME=\(arena.home.path)"]))
        try await wait(for: "the twin to be seen", every: .milliseconds(10)) {
          Judge(evidence: arena.evidence).violations(of: .onePerPlace).isEmpty ? nil : ()
        }
        arena.noteDeleted()
        #expect(!Judge(evidence: arena.evidence).violations(of: .nothingAfterDelete).isEmpty)
        twin.send(SIGKILL)
      }
    }

    @Test func `sees an acknowledged revision that the database lost`() async throws {
      try await inArena { arena in
        try await arena.startController()
        try await #require(arena.apply())
        arena.wish.sequences = 16
        try await #require(arena.apply())
        try await arena.untilAsWished()
        try await arena.judge()
        await arena.killController()
        let script =
          "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); "
          + "d.execute('UPDATE applications SET revision = 1'); d.execute('DELETE FROM revisions WHERE number = 2'); d.commit()"
        let run = try await arena.run("/usr/bin/env", ["python3", "-c", script, arena.home.stateDatabase])
        try #require(run.ended(with: 0), "\(run)")
        arena.evidence.store = try StoreView(path: arena.home.stateDatabase, application: Arena.application)
        #expect(Judge(evidence: arena.evidence).violations(of: .acknowledgedStays).count == 2)
      }
    }
  }
}

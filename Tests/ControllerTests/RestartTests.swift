import ControlAPI
import Glibc
import HTTP
import Platform
import Supervision
import Testing

@testable import Controller

@Suite(.serialized) struct `A controller that comes back` {
  @Test func `ends what its forerunner left and starts the same anew, once`() async throws {
    try await onStage { stage in
      let script = "trap '' TERM; sleep 600 & echo up; wait"
      // What a controller killed at any moment leaves: processes with its token, recorded or not.
      let hash = ProcessToken.hash(ofHome: stage.home.path)
      #expect(Folder.make(stage.home.path))
      let strays = try (0..<2).map { index in
        try SupervisedProcess(
          LaunchSpec(
            executable: "/bin/sh", arguments: ["-c", script], logPath: "\(stage.folder)/stray.log",
            token: ProcessToken(home: hash, application: "demo", role: "rank", index: "0-\(index)", epoch: 1))
        )
      }
      let store = try Store(path: stage.home.stateDatabase)
      try await store.commit([
        .application(
          StoredApplication(
            name: "demo", revision: 4, manifest: stage.manifest(), path: nil, folder: stage.folder,
            createdAt: Timestamp.now, port: 0, isDeleting: false)),
        .epoch(application: "demo", group: 0, epoch: 7), .intent(strays[0].token),
        .started(strays[0].token, strays[0].identity),
      ])
      try await stage.start()
      try await stage.untilHealthy()
      #expect(strays.allSatisfy { $0.exitStatus == .signalled(SIGKILL) })
      #expect(stage.living("rank").count == 2 && stage.living("ingress").count == 2)
      #expect(stage.status?.revision == 4)
      #expect(stage.status?.deployments[0].replicas.allSatisfy { $0.epoch == 8 } == true)
    }
  }

  @Test func `forgets what was being deleted`() async throws {
    try await onStage { stage in
      #expect(Folder.make(stage.home.path))
      let store = try Store(path: stage.home.stateDatabase)
      try await store.commit([
        .application(
          StoredApplication(
            name: "demo", revision: 1, manifest: stage.manifest(), path: nil, folder: stage.folder,
            createdAt: Timestamp.now, port: 0, isDeleting: true))
      ])
      try await stage.start()
      #expect(stage.status == nil)
      #expect(try await store.load().applications.isEmpty)
    }
  }

  @Test func `never signals a stranger whose id a record names`() async throws {
    try await onStage { stage in
      #expect(Folder.make(stage.home.path))
      let stranger = try ChildProcess(Command("/bin/sleep", ["600"]))
      let identity = try #require(ProcessIdentity(pid: stranger.pid))
      let token = ProcessToken(
        home: ProcessToken.hash(ofHome: stage.home.path), application: "demo", role: "rank", index: "0-0",
        epoch: 1)
      let store = try Store(path: stage.home.stateDatabase)
      let other = ProcessIdentity(
        bootID: identity.bootID, pid: identity.pid, startTicks: identity.startTicks - 1)
      try await store.commit([.started(token, other)])
      try await stage.start()
      #expect(stranger.exitStatus == nil && identity.isAlive)
      stranger.send(SIGKILL)
    }
  }

  @Test func `is the only one of its home`() async throws {
    try await onStage { stage in
      try await stage.start()
      let error = await #expect(throws: ControllerError.self) {
        try await Controller.begin(home: stage.home, tools: stage.tools, endsWhenIdle: false)
      }
      #expect(error == .locked(pid: getpid(), home: stage.home.path))
    }
  }

  @Test func `takes over what runs, at the same address and with the same processes`() async throws {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let (before, endpoint) = (Set(stage.living()), stage.status?.endpoint)
      try await stage.succeed()
      #expect(stage.status?.endpoint == endpoint)
      #expect(stage.reasons.contains("Adopted") && !stage.reasons.contains("StraysEnded"))
      let client = HTTPClient(try #require(endpoint?.value.flatMap(Endpoint.init)))
      for _ in 0..<3 {
        #expect(try await client.request("POST", "/", body: [], until: .after(.seconds(10))).status == 200)
      }
      try await stage.untilHealthy()
      #expect(Set(stage.living()) == before)
      #expect(stage.status?.pids(.rank).count == 2)
    }
  }

  @Test func `tells how a process ended that it took over, and starts it again`() async throws {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      try await stage.succeed()
      try await stage.untilHealthy()
      kill(try #require(stage.status?.pids(.rank).min()), SIGKILL)
      try await stage.until("a new life") {
        stage.isHealthy($0) && $0?.deployments[0].replicas.allSatisfy { $0.epoch == 2 } == true
      }
      #expect(stage.events.contains { $0.reason == "RankDied" && $0.message.contains("SIGKILL") })
      #expect(stage.living("rank").count == 2)
    }
  }

  @Test func `replaces what died while there was no controller, and only that`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest(policy: "recover"))
      try await stage.untilHealthy()
      let ranks = try #require(stage.status?.pids(.rank).sorted())
      let ingress = try #require(stage.status?.pids(.ingress).sorted())
      await controller.stop()
      for victim in [ranks[0], ingress[0]] {
        let identity = ProcessIdentity(pid: victim)
        kill(victim, SIGKILL)
        try await stage.until("dead") { _ in identity?.isAlive != true }
      }
      try await stage.start()
      try await stage.until("whole again") { stage.isHealthy($0) && stage.living().count == 4 }
      let living = Set(stage.living())
      #expect(living.isSuperset(of: [ranks[1], ingress[1]]))
      #expect(living.isDisjoint(with: [ranks[0], ingress[0]]))
    }
  }

  @Test func `goes on with a start that its forerunner did not see the end of`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      await controller.stop()
      try await stage.start()
      try await stage.untilHealthy()
      #expect(stage.living("rank").count == 2 && stage.living("ingress").count == 2)
      #expect(stage.status?.deployments[0].replicas.allSatisfy { $0.epoch == 1 } == true)
    }
  }

  @Test func `starts what is asked for again after a reboot`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let before = Set(stage.living())
      await controller.stop()
      // A checkpoint of another uptime, as the first controller after a reboot finds it.
      try Database(path: stage.home.stateDatabase).run(
        "UPDATE checkpoints SET checkpoint = json_set(checkpoint, '$.bootID', 'another')")
      try await stage.start()
      try await stage.untilHealthy()
      #expect(before.isDisjoint(with: stage.living()) && stage.living().count == 4)
      #expect(stage.status?.deployments[0].replicas.allSatisfy { $0.epoch == 2 } == true)
    }
  }

  @Test func `carries out an apply that was acknowledged and not begun`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      await controller.stop()
      let database = try Database(path: stage.home.stateDatabase)
      try database.run(
        "UPDATE applications SET revision = 2, manifest = ?", [.text(stage.manifest(maxNumSeqs: 16))])
      try await stage.start()
      try await stage.until("the second revision") {
        stage.isHealthy($0) && $0?.deployments[0].replicas.allSatisfy { $0.epoch == 2 } == true
      }
      #expect(stage.status?.revision == 2)
    }
  }

  @Test func `finishes a delete that was begun`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest(fake: "stubborn"))
      try await stage.untilHealthy()
      try await controller.delete("demo")
      await controller.stop()
      #expect(!stage.living().isEmpty)
      try await stage.start()
      try await stage.until("gone") { $0 == nil }
      #expect(stage.living().isEmpty)
    }
  }
}

@Suite struct `The state database` {
  @Test func `gives back what it was told, and refuses a newer schema`() async throws {
    try await onStage { stage in
      let path = stage.folder + "/state.db"
      let token = ProcessToken(home: "h", application: "a", role: "rank", index: "0-0", epoch: 1)
      let identity = ProcessIdentity(bootID: "b", pid: 42, startTicks: .max)
      let event = Event(
        sequence: 9, time: "t", application: "a", severity: .warning, reason: "r", replica: nil,
        message: "ü'",
        lastLines: ["one", "two"]
      )
      do {
        let store = try Store(path: path)
        try await store.commit([.intent(token), .started(token, identity), .event(event)])
        try await store.commit([.epoch(application: "a", group: 1, epoch: 3)])
      }
      let state = try await Store(path: path).load()
      #expect(state.processes == [StoredProcess(token: token, identity: identity)])
      #expect(state.events == [event])
      #expect(state.epochs == ["a": [1: 3]])
      try Database(path: path).run("PRAGMA user_version=99")
      #expect(throws: StoreError.newerSchema(path: path, found: 99, known: Store.schemaVersion)) {
        try Store(path: path)
      }
    }
  }

  @Test func `keeps a batch whole or not at all when the disk is full`() async throws {
    try await onStage { stage in
      let database = try Database(path: stage.folder + "/state.db")
      try database.run("CREATE TABLE t (x TEXT)")
      try database.run("PRAGMA max_page_count=4")
      #expect(throws: StoreError.self) {
        try database.transaction(isDurable: true) { () throws(StoreError) in
          for _ in 0..<100 {
            try database.run("INSERT INTO t VALUES (?)", [.text(String(repeating: "x", count: 1000))])
          }
        }
      }
      #expect(try database.run("SELECT count(*) FROM t") == [[.integer(0)]])
    }
  }
}

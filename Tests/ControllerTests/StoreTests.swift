import ControlAPI
import FoundationEssentials
import Glibc
import Manifest
import Platform
import Testing

@testable import Controller
@testable import Deployment

extension Store {
  /// Has SQLite itself refuse what follows, as a full disk or a read-only one does; 0 pages for all that is needed.
  fileprivate func refuse(writing isReadOnly: Bool, beyondPages pages: Int = 0) throws(StoreError) {
    try database.run("PRAGMA query_only=\(isReadOnly ? 1 : 0)")
    let present = try database.run("PRAGMA page_count").first?.first?.integer ?? 0
    try database.run("PRAGMA max_page_count=\(pages > 0 ? present + pages : 1 << 30)")
  }
}

@Suite(.serialized) struct `A state database of a former version` {
  @Test(arguments: [1, 2, 3, 7]) func `is brought to the present form, and nothing of it is lost`(
    version: Int
  )
    async throws
  {
    try await onStage { stage in
      let path = stage.folder + "/state.db"
      let sample = #filePath.replacing("StoreTests.swift", with: "Samples/state-v\(version).db")
      try Data(contentsOf: URL(filePath: sample)).write(to: URL(filePath: path))
      let store = try Store(path: path)
      let state = try await store.load()
      let application = try #require(state.applications.first)
      #expect(application.name == "quickstart" && application.revision == 2 && !application.isDeleting)
      #expect(application.scale.isEmpty && application.cordons.isEmpty)
      #expect(state.processes.count == 4 && state.processes.allSatisfy { $0.identity != nil })
      #expect(state.events.count == 11 && state.epochs == ["quickstart": [0: 2]])
      #expect(try await store.revisions(of: "quickstart").map(\.number) == [1, 2])
      let checkpoint = state.checkpoints["quickstart"]
      #expect((checkpoint != nil) == (version > 1))
      if let checkpoint {
        #expect(checkpoint.state.status == .running && checkpoint.state.groups.map(\.epoch) == [2])
        #expect(checkpoint.state.spec.engine.restarts == 0 && checkpoint.state.cordons.isEmpty)
      }
      #expect(try await store.starts(of: "quickstart").count == (version < 7 ? 0 : 4))
      #expect(try await store.audit(of: nil, most: 10).count == (version < 7 ? 0 : 2))
      #expect(try await store.history(of: "quickstart", step: 1, after: 0).isEmpty)
      try await store.commit([.application(application)])
      #expect(try await Store(path: path).load().applications == [application])
    }
  }
}

@Suite(.serialized) struct `A state that cannot be written` {
  @Test(arguments: [true, false])
  func `is told, refuses applies, and stops no supervision; what waited is written later`(isReadOnly: Bool)
    async throws
  {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      let store = controller.surroundings.store
      await store.flush()
      try await store.store.refuse(writing: isReadOnly, beyondPages: 1)
      let large = stage.manifest(maxNumSeqs: 16) + "\n# " + String(repeating: "x", count: 200_000)
      let error = await #expect(throws: ControlError.self) { try await stage.apply(large) }
      #expect(error?.code == "store-failed")
      #expect(error?.message.contains(isReadOnly ? "user write there" : "free some disk space") == true)
      if isReadOnly {
        let told = controller.status(only: nil).controller
        #expect(told.stateDurable == false && told.stateProblem?.contains("readonly") == true)
      }
      kill(try #require(stage.status?.deployments[0].replicas[1].pid.value), SIGKILL)
      try await stage.until("in epoch 2") {
        stage.isHealthy($0) && $0?.deployments[0].replicas.allSatisfy { $0.epoch == 2 } == true
      }
      #expect(stage.status?.revision == 1)
      try await store.store.refuse(writing: false)
      try await stage.until("written down") { _ in
        controller.status(only: nil).controller.stateDurable == true
      }
      #expect(try await stage.apply(large).revision == 2)
      await stage.controller?.stop()
      let kept = try await Store(path: stage.home.stateDatabase).load()
      #expect(kept.events.contains { $0.reason == "RankDied" } && kept.epochs["demo"]?[0] ?? 0 >= 2)
    }
  }
}

@Suite(.serialized) struct `A damaged state database` {
  @Test func `stops the controller with the command that repairs it, which keeps what can be read`()
    async throws
  {
    try await onStage { stage in
      try await stage.start()
      try await stage.apply(stage.manifest())
      try await stage.untilHealthy()
      await stage.controller?.stop()
      let living = Set(stage.living())
      let path = stage.home.stateDatabase
      try Database(path: path).run("PRAGMA wal_checkpoint(TRUNCATE)")
      // The events' pages: everything else is to survive.
      var bytes = try Data(contentsOf: URL(filePath: path))
      let pages = try Database(path: path).run("SELECT rootpage FROM sqlite_master WHERE name = 'events'")
      let page = try #require(pages.first?.first?.integer)
      bytes.replaceSubrange((page - 1) * 4096..<page * 4096, with: Data(repeating: 0xFF, count: 4096))
      try bytes.write(to: URL(filePath: path))
      for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
      let error = await #expect(throws: ControllerError.self) { try await stage.start() }
      #expect(error?.description.contains("dpdeploy daemon repair") == true)
      #expect(Set(stage.living()) == living)
      let repair = try StoreRepair(home: stage.home)
      let aside = try #require(repair.asidePath)
      #expect(repair.damaged == ["events"] && access(aside, F_OK) == 0)
      try await stage.start()
      try await stage.untilHealthy()
      #expect(Set(stage.living()) == living && stage.status?.revision == 1)
    }
  }

  @Test func `of which nothing can be read is set aside`() async throws {
    try await onStage { stage in
      try await stage.start()
      await stage.controller?.stop()
      for suffix in ["-wal", "-shm"] { unlink(stage.home.stateDatabase + suffix) }
      try Data(repeating: 0x20, count: 8192).write(to: URL(filePath: stage.home.stateDatabase))
      await #expect(throws: ControllerError.self) { try await stage.start() }
      let repair = try StoreRepair(home: stage.home)
      #expect(repair.kept.allSatisfy { $0.rows == 0 } && repair.damaged.count == repair.kept.count)
      try await stage.start()
      #expect(stage.status == nil)
      #expect(throws: ControllerError.self) { try StoreRepair(home: stage.home) }
    }
  }
}

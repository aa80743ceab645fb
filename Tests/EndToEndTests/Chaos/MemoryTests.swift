import ControlAPI
import ControlClient
import FoundationEssentials
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// What the machine runs out of.
  @Suite @Loop struct `A want` {
    /// Where groups can be made whose memory is limited, and the file that limits it; nil where that is not allowed.
    nonisolated private static let hierarchy: (folder: String, limit: String)? =
      if access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) == 0 {
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
      } else if (try? FileContent.text(of: "/sys/fs/cgroup/cgroup.subtree_control"))?.contains("memory")
        == true
      {
        ("/sys/fs/cgroup", "memory.max")
      } else {
        nil
      }

    nonisolated private static let canLimit = hierarchy.map { access($0.folder, W_OK) == 0 } ?? false

    @Test(.enabled(if: canLimit, "no control group with a limit of memory can be made here"))
    func `of memory is named where the kernel kills a rank for it, with the limit`() async throws {
      let hierarchy = try #require(Self.hierarchy)
      let group = "\(hierarchy.folder)/dpdeploy-test-\(getpid())"
      try #require(mkdir(group, 0o755) == 0)
      defer { rmdir(group) }
      try Data("\(512 << 20)".utf8).write(to: URL(filePath: "\(group)/\(hierarchy.limit)"))
      try await inArena(memoryGroup: group) { arena in
        arena.wish.groups = 1
        arena.wish.script = "hog:1"
        try await arena.startController()
        try await #require(arena.apply())
        let died: Event = try await wait(for: "the death", every: .milliseconds(20)) {
          try await arena.client.events(since: 0, application: Arena.application).events.first {
            $0.reason == "RankDied"
          }
        }
        #expect(died.replica == "dp1")
        #expect(
          died.message.contains("dp1 ended (signal 9 (SIGKILL), the kernel was out of memory: ")
            && died.message.contains("the limit of its control group is 512 MiB) in load_weights"),
          "\(died.message)")
        arena.wish.script = ""
        try await #require(arena.apply())
        try await arena.untilAsWished()
        // A kill by somebody else is none for want of memory.
        try arena.killReplica(try #require(try await arena.status()?.replicas(.rank).first))
        try await arena.until("the next epoch") { scan in scan.ranks.count { $0.epoch > 2 } == 2 }
        try await arena.untilAsWished()
        try await arena.judge()
        #expect(arena.words.contains("dp0 ended (signal 9 (SIGKILL))"), "\(arena.words)")
      }
    }

    @Test func `of disk space stops no supervision, and refuses what cannot be written down`() async throws {
      try await inArena { arena in
        mkdir(arena.home.path, 0o700)
        let mounted = try await arena.run(
          "/bin/mount", ["-t", "tmpfs", "-o", "size=16m,mode=700", "none", arena.home.path])
        guard mounted.ended(with: 0) else {
          return print("skipped: no file system can be mounted here: \(mounted.errors)")
        }
        do { try await fillDisk(arena) } catch {
          await arena.unmount()
          throw error
        }
        await arena.unmount()
      }
    }

    private func fillDisk(_ arena: Arena) async throws {
      try await arena.begin()
      try await arena.load?.more(2)
      let ballast = arena.home.path + "/ballast"
      arena.fill(ballast)
      let change = arena.manifest.replacing(
        "health_check_timeout_s: 10.0", with: "health_check_timeout_s: 9.0")
      let run = try await arena.submit(change + "\n# " + String(repeating: "x", count: 500_000))
      #expect(run.ended(with: 1) && run.errors.contains("free some disk space"), "\(run)")
      kill(try #require(arena.scan().ranks.first?.pid), SIGKILL)
      try await arena.until("the next epoch") { $0.ranks.contains { $0.epoch >= 2 } }
      unlink(ballast)
      try await arena.untilAsWished()
      try await wait(for: "a durable state", every: .milliseconds(50)) {
        try await arena.client.status().controller.stateDurable == true ? () : nil
      }
      try await arena.load?.more(4)
      try await arena.judge()
      try await arena.delete()
    }
  }
}

extension Arena {
  /// Leaves no byte free on the disk of `path`.
  fileprivate func fill(_ path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { Glibc.close(file) }
    for size in [64 << 10, 1 << 10, 1] {
      let block = [UInt8](repeating: 1, count: size)
      while Glibc.write(file, block, size) == size {}
    }
  }

  /// Ends all that is on the home's own file system, and takes that away.
  fileprivate func unmount() async {
    await load?.stop()
    await killController()
    for pid in Population(of: home).all { kill(pid, SIGKILL) }
    _ = try? await wait(for: "the end of all", within: .seconds(5)) {
      Population(of: home).isEmpty ? () : nil
    }
    _ = try? await run("/bin/umount", ["-l", home.path])
  }
}

import Foundation
import Glibc
import Platform
import Supervision
import Testing

@Suite struct `Ending a process tree` {
  @Test func `lets a process that obeys end by itself`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done")
      #expect(await workshop.log(holds: "up"))
      #expect(await ProcessTree.end([process], grace: .seconds(10)))
      #expect(process.exitStatus == .exited(0))
      #expect(process.lastLine == "bye")
    }
  }

  @Test func `kills those that ignore SIGTERM, all at the same time`() async throws {
    try await inWorkshop { workshop in
      let stubborn = try (0..<4).map {
        try workshop.shell("trap '' TERM; echo up; while :; do sleep 0.01; done", index: "\($0)")
      }
      for index in 0..<4 { #expect(await workshop.log("\(index)", holds: "up")) }
      let start = Instant.now
      #expect(await ProcessTree.end(stubborn, grace: .milliseconds(300)))
      #expect(Instant.now - start < .seconds(1))
      #expect(stubborn.allSatisfy { $0.exitStatus == .signalled(SIGKILL) })
      #expect(workshop.living().isEmpty)
    }
  }

  @Test func `finds descendants in sessions of their own, double forks included`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell(
        "sleep 300 & setsid sleep 300 & (setsid sh -c 'sleep 300 & sleep 300' &) ; echo up; wait")
      #expect(await workshop.log(holds: "up"))
      let deadline = Instant.after(.seconds(10))
      while workshop.living().count < 6, Instant.now < deadline { await Loop.sleep(for: .milliseconds(2)) }
      #expect(workshop.living().count == 6)
      #expect(await ProcessTree.end([process], grace: nil))
      #expect(workshop.living().isEmpty)
    }
  }

  @Test(.enabled(if: ControlGroup.base != nil, "no control group may be made here"))
  func `ends, through the control group, also what hides from token and session, and leaves no group behind`()
    async throws
  {
    try await inWorkshop { workshop in
      let process = try workshop.shell("env -i setsid sleep 300 & echo $!; echo up; wait")
      #expect(await workshop.log(holds: "up"))
      let hidden = try #require(process.lastLines(2).first.flatMap { Int32($0) })
      let identity = try #require(ProcessIdentity(pid: hidden))
      let deadline = Instant.after(.seconds(10))
      // It hides once it is what `setsid` became.
      while TokenScan.token(of: hidden) != nil || ProcessRecord(pid: hidden)?.session != hidden,
        Instant.now < deadline
      { await Loop.sleep(for: .milliseconds(2)) }
      #expect(identity.isAlive)
      #expect(await ProcessTree.end([process], grace: nil))
      #expect(!identity.isAlive)
      #expect(!groups().contains { $0.contains(workshop.home) })
    }
  }

  private func groups() -> [String] { ControlGroup.base.map { Folder.names(in: $0) } ?? [] }

  @Test func `finds the descendants of a leader that is gone already`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell("setsid sleep 300 & exit 3")
      #expect(await process.exit(until: .after(.seconds(10))) == .exited(3))
      #expect(workshop.living().count == 1)
      #expect(await ProcessTree.end([process], grace: .seconds(1)))
      #expect(workshop.living().isEmpty)
    }
  }

  @Test func `never overlooks a process because it replaces its image at that moment`() async throws {
    try await inWorkshop { workshop in
      let again = "\(workshop.folder)/again.sh"
      try Data("exec sh \"$0\"\n".utf8).write(to: URL(filePath: again))
      let process = try workshop.shell("echo up; exec sh \(again)")
      #expect(await workshop.log(holds: "up"))
      let pid = process.identity.pid
      let overlooked = (0..<5000).count { _ in TokenScan.token(of: pid) == nil }
      #expect(overlooked == 0)
    }
  }

  @Test func `leaves processes of another token alone`() async throws {
    try await inWorkshop { workshop in
      let mine = try workshop.shell("sleep 300", index: "0")
      let other = try workshop.shell("sleep 300", index: "1")
      #expect(await ProcessTree.end([mine], grace: nil))
      #expect(other.exitStatus == nil && other.identity.isAlive)
    }
  }
}

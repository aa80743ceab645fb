import Glibc
import Platform
import Supervision
import Testing

@Suite struct `A process that is taken over` {
  @Test func `is signalled with its group and tells how it ended`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell("sleep 600 & echo up; wait")
      #expect(await workshop.log(holds: "up"))
      let adopted = try #require(
        SupervisedProcess(adopting: process.identity, token: process.token, logPath: process.logPath))
      #expect(await ProcessTree.end([adopted], grace: .seconds(5)))
      #expect(adopted.exitStatus == .signalled(SIGTERM))
      #expect(workshop.living().isEmpty)
    }
  }

  @Test func `is never one that came later, nor one of another token`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell("sleep 600")
      let identity = process.identity
      let other = ProcessIdentity(
        bootID: identity.bootID, pid: identity.pid, startTicks: identity.startTicks - 1)
      #expect(SupervisedProcess(adopting: other, token: process.token, logPath: "/dev/null") == nil)
      let token = ProcessToken(home: workshop.home, application: "b", role: "rank", index: "0", epoch: 1)
      #expect(SupervisedProcess(adopting: identity, token: token, logPath: "/dev/null") == nil)
      #expect(process.exitStatus == nil)
    }
  }

  @Test func `gives back the descriptors that it was started with`() async throws {
    try await inWorkshop { workshop in
      let memory = try SharedMemory(name: "trust", byteCount: 4096)
      let process = try workshop.shell("sleep 600", descriptors: [(memory.descriptor.raw, 9)])
      let adopted = try #require(
        SupervisedProcess(adopting: process.identity, token: process.token, logPath: process.logPath))
      guard let copy = adopted.inherited(9) else {
        Issue.record("descriptor 9 cannot be had")
        return
      }
      var (ours, theirs) = (stat(), stat())
      #expect(fstat(copy.raw, &theirs) == 0 && fstat(memory.descriptor.raw, &ours) == 0)
      #expect(ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev)
      if case .some = adopted.inherited(77) { Issue.record("there is no descriptor 77") }
    }
  }
}

import Glibc
import Platform
import Supervision
import Testing

@Suite struct `A supervised process` {
  @Test func `tells its exit code and its last words`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell("echo one; echo; echo 'error: no model' >&2; exit 78")
      #expect(await process.exit(until: .after(.seconds(10))) == .exited(78))
      #expect(process.lastLine == "error: no model")
    }
  }

  @Test func `tells the signal that killed it`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell("kill -9 $$")
      #expect(await process.exit(until: .after(.seconds(10))) == .signalled(SIGKILL))
    }
  }

  @Test func `appends to its log, and its last words are of its own life`() async throws {
    try await inWorkshop { workshop in
      let first = try workshop.shell("echo first")
      _ = await first.exit(until: .after(.seconds(10)))
      let second = try workshop.shell("exit 0")
      _ = await second.exit(until: .after(.seconds(10)))
      #expect(second.lastLine == nil)
      #expect(LogTail.lines(of: second.logPath, count: 10) == ["first"])
    }
  }

  @Test func `leads a session of its own and carries environment, token and descriptors`() async throws {
    try await inWorkshop { workshop in
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      defer { for end in ends { close(end) } }
      let process = try workshop.shell(
        "echo $GREETING; echo token $DPDEPLOY_TOKEN; echo through >&7; cut -d' ' -f1,6 /proc/$$/stat",
        descriptors: [(ends[1], 7)])
      #expect(await process.exit(until: .after(.seconds(10))) == .exited(0))
      let lines = LogTail.lines(of: process.logPath, count: 10)
      #expect(lines.prefix(2) == ["hello", "token \(process.token)"])
      #expect(lines.last == "\(process.identity.pid) \(process.identity.pid)")
      var bytes = [UInt8](repeating: 0, count: 16)
      #expect(read(ends[0], &bytes, 16) == 8)
    }
  }

  @Test func `that cannot be started says why, for good`() async throws {
    try await inWorkshop { workshop in
      let token = ProcessToken(home: workshop.home, application: "app", role: "rank", index: "0", epoch: 1)
      let spec = LaunchSpec(
        executable: "/no/such/program", arguments: [], logPath: workshop.folder + "/0.log", token: token)
      let error = #expect(throws: SupervisionError.self) { @Loop in try SupervisedProcess(spec) }
      #expect(error?.isPermanent == true)
      #expect(error?.description == "/no/such/program is not there")
    }
  }

  @Test func `uses processor time and memory that a probe reads`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell(
        "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo spun; sleep 60")
      let pid = process.identity.pid
      #expect(await workshop.log(holds: "spun"))
      let probe = try #require(UsageProbe(pid: pid))
      let reading = try #require(probe.read())
      let record = try #require(ProcessRecord(pid: pid))
      #expect(reading.cpuSeconds > 0)
      #expect(reading.residentBytes == record.residentBytes)
      #expect(await ProcessTree.end([process], grace: nil))
      #expect(probe.read() == nil)
    }
  }
}

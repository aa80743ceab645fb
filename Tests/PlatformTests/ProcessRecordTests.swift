import Glibc
import Platform
import Testing

@Suite struct `The record of a process` {
  @Test func `tells its parent, memory and start`() throws {
    let own = try #require(ProcessRecord(pid: getpid()))
    #expect(own.parent == getppid() && own.residentBytes > 1_000_000 && own.startTicks > 0 && !own.isZombie)
    #expect(try #require(ProcessRecord.proportionalBytes(pid: getpid())) <= own.residentBytes * 2)
  }

  @Test func `of nobody is nil`() {
    #expect(ProcessRecord(pid: 4_194_305) == nil)
  }

  @Test @Loop func `finds a variable of a child's environment`() async throws {
    let child = try ChildProcess(Command("/bin/sleep", ["100"], environment: ["A=1", "TOKEN=x:y"]))
    // The parent may go on a moment before the kernel has laid out the child's new memory.
    let deadline = Instant.after(.seconds(10))
    while ProcessRecord.environment("TOKEN", ofProcess: child.pid) == nil, Instant.now < deadline {
      await Loop.sleep(for: .milliseconds(1))
    }
    #expect(ProcessRecord.environment("TOKEN", ofProcess: child.pid) == "x:y")
    #expect(ProcessRecord.environment("OTHER", ofProcess: child.pid) == nil)
    #expect(ProcessRecord.allPids().contains(child.pid))
    child.send(SIGKILL)
    _ = await child.exit(until: .after(.seconds(10)))
  }
}

@Suite struct `An endpoint` {
  @Test(arguments: [
    ("unix:/run/a.sock", Endpoint.unix(path: "/run/a.sock")),
    ("http://127.0.0.1:8000", .tcp(host: "127.0.0.1", port: 8000)),
    ("localhost:80", .tcp(host: "localhost", port: 80)),
    ("http://[::1]:9/", .tcp(host: "::1", port: 9)),
  ])
  func `is read from its usual spellings`(text: String, endpoint: Endpoint) {
    #expect(Endpoint(text) == endpoint)
    #expect(Endpoint(endpoint.description) == endpoint)
  }

  @Test(arguments: ["", "host", "host:", "host:70000", ":80"])
  func `is not read from`(text: String) {
    #expect(Endpoint(text) == nil)
  }
}

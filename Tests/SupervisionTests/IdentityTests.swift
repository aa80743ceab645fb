import Glibc
import Platform
import Testing

@testable import Supervision

@Suite struct `Process identity` {
  @Test func `is alive while the process runs and never after`() async throws {
    try await inWorkshop { workshop in
      let process = try workshop.shell("sleep 300")
      #expect(process.identity.isAlive)
      #expect(ProcessIdentity(pid: process.identity.pid) == process.identity)
      #expect(await ProcessTree.end([process], grace: nil))
      #expect(!process.identity.isAlive)
    }
  }

  @Test func `of another start or boot is a stranger`() throws {
    let own = try #require(ProcessIdentity(pid: getpid()))
    #expect(own.isAlive)
    #expect(!ProcessIdentity(bootID: own.bootID, pid: own.pid, startTicks: own.startTicks + 1).isAlive)
    #expect(!ProcessIdentity(bootID: "another", pid: own.pid, startTicks: own.startTicks).isAlive)
  }

  @Test func `tokens read back as they were written, and nothing else is one`() {
    let token = ProcessToken(home: "ab12", application: "demo", role: "rank", index: "0-3", epoch: 7)
    #expect(ProcessToken(token.description) == token)
    for text in ["", "a:b", "h:a:r:i:x:1", "h:a:r:i:1:", "h:a:r:i:1:2:3"] {
      #expect(ProcessToken(text) == nil)
    }
    #expect(ProcessToken.hash(ofHome: "/a") != ProcessToken.hash(ofHome: "/b"))
  }

  @Test func `the spec's variables win over inherited ones, and the token over all`() {
    let token = ProcessToken(home: "h", application: "a", role: "rank", index: "0", epoch: 1)
    let spec = LaunchSpec(
      executable: "x", arguments: [], environment: ["A=2", "A=3", "\(ProcessToken.variable)=forged"],
      logPath: "l", token: token)
    let full = spec.fullEnvironment(inherited: ["A=1", "B=1", "\(ProcessToken.variable)=old"])
    #expect(full == ["B=1", "A=3", "\(ProcessToken.variable)=\(token)"])
  }
}

@Suite struct `The holder of a port` {
  @Test func `is named with its pid`() throws {
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    let bound = Listener.port(of: socket)
    let port = try #require(bound)
    let holder = try #require(PortHolder.find(port: Int(port)))
    #expect(holder.pid == getpid())
    #expect(holder.description.hasPrefix("process \(getpid()) ("))
    _ = consume socket
  }

  @Test func `is nobody where nobody listens`() throws {
    let bound: UInt16?
    do {
      let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
      bound = Listener.port(of: socket)
    }
    #expect(PortHolder.find(port: Int(try #require(bound))) == nil)
  }

  @Test func `is found among listening sockets only`() {
    let table = """
      sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
      0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4242 1 x 100 0 0 10 0
      1: 0100007F:1F40 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 4343 1 x 100 0 0 10 0
      2: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4444 1 x 100 0 0 10 0
      """
    #expect(PortHolder.inodes(inTable: table, port: 8000) == ["4242"])
  }
}

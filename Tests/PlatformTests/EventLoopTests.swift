import Glibc
import Platform
import Testing

@Suite @Loop struct `The event loop` {
  @Test func `wakes a sleeper at its instant and not before`() async {
    let start = Instant.now
    await Loop.sleep(for: .milliseconds(20))
    #expect((Instant.now - start).inSeconds >= 0.02)
  }

  @Test func `ends a sleep early when its task is cancelled`() async {
    let task = Task { @Loop in await Loop.sleep(for: .seconds(60)) }
    let start = Instant.now
    task.cancel()
    await task.value
    #expect((Instant.now - start).inSeconds < 10)
  }

  @Test func `fires timers in order, and not those that were cancelled`() async {
    var fired: [Int] = []
    let timers = (0..<3).map { _ in LoopTimer() }
    let last = Signal()
    timers[0].set(.after(.milliseconds(10))) { fired.append(0) }
    timers[1].set(.after(.milliseconds(5))) { fired.append(1) }
    timers[2].set(.after(.milliseconds(7))) { fired.append(2) }
    timers[2].cancel()
    let end = LoopTimer()
    end.set(.after(.milliseconds(15))) { last.fire() }
    #expect(await last.wait(until: .after(.seconds(5))))
    #expect(fired == [1, 0])
  }

  @Test func `fires a timer that was moved once, at its last instant`() async {
    var count = 0
    let timer = LoopTimer()
    let start = Instant.now
    let done = Signal()
    timer.set(.after(.milliseconds(5))) {
      count += 1
      done.fire()
    }
    timer.move(to: .after(.milliseconds(30)))
    #expect(await done.wait(until: .after(.seconds(5))))
    #expect(count == 1 && (Instant.now - start).inSeconds >= 0.03)
  }

  @Test func `tells a waiter of a signal that its deadline passed`() async {
    #expect(await !Signal().wait(until: .after(.milliseconds(5))))
  }

  @Test func `passes bytes over a Unix socket and sees the peer close`() async throws {
    let path = "/tmp/dpdeploy-test-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    defer { unlink(path) }
    let listener = try Listener(try Listener.open(.unix(path: path)))
    let server = Task { @Loop in
      guard let socket = try await listener.accept() else { return }
      try await socket.write(Array("hello".utf8), until: .after(.seconds(5)))
      socket.close()
    }
    let client = try await Socket.connect(to: .unix(path: path), until: .after(.seconds(5)))
    let hangup = Signal()
    client.onHangup = { hangup.fire() }
    var received: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
    defer { buffer.deallocate() }
    while case let count = try await client.read(into: buffer, until: .after(.seconds(5))), count > 0 {
      received += buffer.prefix(count)
    }
    #expect(String(decoding: received, as: UTF8.self) == "hello")
    #expect(await hangup.wait(until: .after(.seconds(5))))
    try await server.value
    listener.close()
  }

  @Test func `ends a read at its deadline`() async throws {
    let listening = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    let bound = Listener.port(of: listening)
    let port = try #require(bound)
    let client = try await Socket.connect(to: .tcp(host: "127.0.0.1", port: port), until: .after(.seconds(5)))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
    defer { buffer.deallocate() }
    let error = await #expect(throws: SystemError.self) {
      _ = try await client.read(into: buffer, until: .after(.milliseconds(5)))
    }
    #expect(error?.isTimeout == true)
  }

  @Test func `says who could not be reached`() async {
    let error = await #expect(throws: SystemError.self) {
      _ = try await Socket.connect(to: .unix(path: "/nowhere/x.sock"), until: .after(.seconds(5)))
    }
    #expect(error?.description == "connect unix:/nowhere/x.sock: No such file or directory")
  }
}

@Suite @Loop struct `A child process` {
  @Test func `reports its exit code`() async throws {
    let child = try ChildProcess(Command("/bin/sh", ["-c", "exit 78"]))
    #expect(await child.exit(until: .after(.seconds(10))) == .exited(78))
  }

  @Test func `reports the signal that killed it`() async throws {
    let child = try ChildProcess(Command("/bin/sleep", ["1000"]))
    child.send(SIGKILL)
    #expect(await child.exit(until: .after(.seconds(10))) == .signalled(9))
  }

  @Test func `gets the descriptors under the numbers it was promised`() async throws {
    let memory = try SharedMemory(name: "test", byteCount: 4096)
    let child = try ChildProcess(
      Command("/bin/sh", ["-c", "echo -n seen >&5"], descriptors: [(memory.descriptor.raw, 5)]))
    #expect(await child.exit(until: .after(.seconds(10))) == .exited(0))
    let mapped = try memory.map(byteCount: 4096, writable: false)
    #expect(String(decoding: mapped.bytes.prefix(4), as: UTF8.self) == "seen")
  }

  @Test func `that does not exist is an error with its path`() {
    let error = #expect(throws: SystemError.self) { _ = try ChildProcess(Command("/nowhere/program")) }
    #expect(error?.description == "execve /nowhere/program: No such file or directory")
  }
}

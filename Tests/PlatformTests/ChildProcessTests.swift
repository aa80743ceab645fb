import Glibc
import Platform
import Testing

@Suite @Loop struct `What a child inherits` {
  private func succeeds(_ script: String, _ descriptors: [(ours: Int32, theirs: Int32)]) async throws -> Bool
  {
    let child = try ChildProcess(Command("/bin/sh", ["-c", script], descriptors: descriptors))
    return await child.exit(until: .after(.seconds(10))) == .exited(0)
  }

  @Test func `gets the descriptors it is given and no others`() async throws {
    // Without close-on-exec, as a caller's lock or pipe would be.
    let inherited = open("/dev/null", O_RDONLY)
    let high = fcntl(inherited, F_DUPFD, 40)
    defer {
      close(inherited)
      close(high)
    }
    let given: [(ours: Int32, theirs: Int32)] = [(inherited, 9)]
    #expect(try await succeeds("test -e /proc/self/fd/9 && test -e /proc/self/fd/2", given))
    for descriptor in [inherited, high] where descriptor != 9 {
      #expect(try await succeeds("! test -e /proc/self/fd/\(descriptor)", given))
      #expect(try await succeeds("! test -e /proc/self/fd/\(descriptor)", []))
    }
  }

  @Test func `that cannot be started says what the kernel said`() async {
    #expect(throws: SystemError(call: "execve", code: ENOENT, subject: "/nowhere")) {
      _ = try ChildProcess(Command("/nowhere"))
    }
  }
}

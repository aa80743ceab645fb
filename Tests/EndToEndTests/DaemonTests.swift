import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  @Suite @Loop struct `The controller as a service` {
    /// A datagram socket that hears what a service tells its manager.
    @Loop private final class Ear {
      let path: String
      let fd: Int32

      init(path: String) throws {
        self.path = path
        fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
        try #require(bound == 0)
      }

      deinit { close(fd) }

      /// Waits for a message with `word`; what comes before it is passed over.
      func hears(_ word: String) async throws {
        try await wait(for: word, every: .milliseconds(5)) {
          while let message = next() {
            if message.split(separator: "\n").contains(Substring(word)) { return () }
          }
          return nil
        }
      }

      private func next() -> String? {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = recv(fd, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
      }
    }

    private func daemon(_ stage: Stage, _ words: [String], _ variables: [String] = []) throws -> ChildProcess
    {
      let inherited = Environment.all.filter { !$0.hasPrefix("DPDEPLOY_") }
      return try ChildProcess(
        Command(
          Tools.path(of: "dpdeployd"), ["--home", stage.home.path, "--foreground"] + words,
          environment: inherited + ["DPDEPLOY_HOME=\(stage.home.path)"] + variables))
    }

    @Test func `tells its manager that it is ready, that it lives and that it ends`() async throws {
      try await onStage { stage in
        let ear = try Ear(path: stage.folder + "/notify")
        let daemon = try daemon(stage, [], ["NOTIFY_SOCKET=\(ear.path)", "WATCHDOG_USEC=100000"])
        try await ear.hears("READY=1")
        for _ in 0..<3 { try await ear.hears("WATCHDOG=1") }
        // What it starts is not to speak in its place.
        let run = try await stage.dpdeploy("apply", try stage.quickstart(), "--wait")
        #expect(run.ended(with: 0), "\(run)")
        let pid = try #require(Population(of: stage.home).ranks.first)
        let variables = try text(ofFile: "/proc/\(pid)/environ")
        #expect(variables.contains("DPDEPLOY_TOKEN=") && !variables.contains("NOTIFY_SOCKET"))
        daemon.send(SIGTERM)
        try await ear.hears("STOPPING=1")
        #expect(await daemon.exit(until: .after(.seconds(20))) == .exited(0))
        // What runs needs somebody to end it.
        let next = try await stage.dpdeploy("daemon", "start")
        #expect(next.ended(with: 0), "\(next)")
      }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
    func `lets the members of a group look, and change nothing`() async throws {
      try await onStage { stage in
        chmod(stage.folder, 0o755)
        let daemon = try daemon(stage, ["--group", "65534"])
        try await wait(for: "a socket for the group", every: .milliseconds(5)) {
          var status = stat()
          return stat(stage.home.controllerSocket, &status) == 0 && status.st_mode & 0o777 == 0o660 ? () : nil
        }
        func asNobody(_ words: String...) async throws -> Run {
          try await stage.run(
            "/usr/bin/setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", Tools.path(of: "dpdeploy")] + words)
        }
        let look = try await asNobody("status", "--json")
        #expect(look.ended(with: 0), "\(look)")
        let change = try await asNobody("apply", try stage.quickstart())
        #expect(change.ended(with: 1) && change.errors.contains("may look at this controller"), "\(change)")
        daemon.send(SIGTERM)
        #expect(await daemon.exit(until: .after(.seconds(20))) == .exited(0))
      }
    }

    @Test func `has its unit written where one asks for it`() async throws {
      try await onStage { stage in
        let folder = stage.folder + "/units"
        let run = try await stage.dpdeploy(
          "daemon", "install", "--into", folder, "--program", "/usr/bin/dpdeployd")
        #expect(run.ended(with: 0) && run.output == "wrote \(folder)/dpdeployd.service\n", "\(run)")
        let unit = try text(ofFile: folder + "/dpdeployd.service")
        #expect(unit.contains("ExecStart=/usr/bin/dpdeployd --foreground\n"))
        #expect(try await stage.dpdeploy("daemon", "install", "--group", "ml").ended(with: 2))
      }
    }
  }
}

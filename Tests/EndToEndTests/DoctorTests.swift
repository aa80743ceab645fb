import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// The machine that the tests run on is one that a deployment runs on.
  @Suite @Loop struct `The doctor` {
    @Test func `mends what is safe to mend, says so, and touches nothing in a dry run`() async throws {
      try await onStage { stage in
        let socket = stage.home.controllerSocket
        mkdir(stage.home.path, 0o755)
        chmod(stage.home.path, 0o755)
        // A socket whose listener is gone.
        do { _ = try Listener.open(.unix(path: socket)) }
        #expect(access(socket, F_OK) == 0)
        let dry = try await stage.dpdeploy("doctor", "--fix", "--dry-run")
        #expect(
          dry.errors.contains("would remove \(socket)") && dry.errors.contains("would let nobody"), "\(dry)")
        #expect(access(socket, F_OK) == 0)
        let run = try await stage.dpdeploy("doctor", "--fix")
        #expect(run.ended(with: 0) && run.errors.contains("done: remove \(socket)"), "\(run)")
        #expect(access(socket, F_OK) != 0)
        #expect(run.output.contains("has the mode 700"), "\(run)")
        let again = try await stage.dpdeploy("doctor", "--fix")
        #expect(again.ended(with: 0) && !again.errors.contains("done"), "\(again)")
      }
    }

    @Test func `passes what runs here, and names who holds a port`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart()
        let sound = try await stage.dpdeploy("doctor", path)
        #expect(sound.ended(with: 0) && sound.output.contains("PASS  model"), "\(sound)")
        let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
        let bound = Listener.port(of: socket)
        let port = try #require(bound)
        let taken = try stage.quickstart([("port: 0", "port: \(port)")])
        let run = try await stage.dpdeploy("doctor", taken, "--json")
        #expect(run.ended(with: 4), "\(run)")
        #expect(run.output.contains("\(port) is taken by process "), "\(run)")
        #expect(Population(of: stage.home).isEmpty)
        // The socket has lived until here.
        let last = Listener.port(of: socket)
        #expect(last == port)
      }
    }
  }
}

import Platform
import Testing

extension `Whole deployments` {
  /// The machine that the tests run on is one that a deployment runs on.
  @Suite @Loop struct `The doctor` {
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

import ControlAPI
import FoundationEssentials
import Glibc
import HTTP
import Platform
import Testing

extension `Whole deployments` {
  /// What an apply must not begin, it leaves no trace of.
  @Suite @Loop struct `A manifest that cannot be carried out` {
    @Test func `is refused with the place of the mistake and its cure before a controller is started`()
      async throws
    {
      try await onStage { stage in
        let path = try stage.quickstart([("data_parallel_size", "data_paralel_size")])
        let apply = try await stage.dpdeploy("apply", path)
        #expect(apply.ended(with: 3) && apply.output == "", "\(apply)")
        #expect(apply.errors.contains("--> \(path):18:5"), "\(apply)")
        #expect(apply.errors.contains("did you mean `data_parallel_size`?"), "\(apply)")
        #expect(access(stage.home.path, F_OK) != 0)
      }
    }

    @Test func `is refused when its model is nowhere, and told where it was looked for`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart([("model_source: operator-moe", "model_source: ./no-such-model")])
        let apply = try await stage.dpdeploy("apply", path)
        #expect(apply.ended(with: 3) && apply.output == "", "\(apply)")
        #expect(apply.errors.contains("looked in \(stage.folder)/no-such-model"), "\(apply)")
        #expect(access(stage.home.path, F_OK) != 0)
      }
    }

    @Test func `is refused when its ranks do not fit, with another code than a mistake's`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart([("apiVersion:", "cluster: {nodes: 1, devices: 1}\napiVersion:")])
        let apply = try await stage.dpdeploy("apply", path)
        #expect(apply.ended(with: 4) && apply.output == "", "\(apply)")
        #expect(access(stage.home.path, F_OK) != 0)
      }
    }

    @Test func `is refused when its port is taken, and told who has it`() async throws {
      try await onStage { stage in
        let listener = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
        let port = Listener.port(of: listener) ?? 0
        let path = try stage.quickstart([("port: 0", "port: \(port)")])
        let apply = try await stage.dpdeploy("apply", path, "--wait")
        #expect(apply.ended(with: 1) && apply.output == "", "\(apply)")
        #expect(apply.errors.contains("port \(port) of 127.0.0.1 is taken"), "\(apply)")
        #expect(apply.errors.contains("process \(getpid()) ("), "\(apply)")
        let status = try await stage.look().status
        #expect(status.applications == [])
        #expect(Population(of: stage.home).all == [try #require(status.controller.pid)])
        #expect(Remains.runFiles(of: stage.home) == [])
        // Held until here; the compiler would let it go after its last use.
        _ = consume listener
      }
    }

    @Test func `fails for good when the weights are cut short, and says so`() async throws {
      try await onStage { stage in
        try cutWeights(of: stage.folder + "/cut")
        let path = try stage.quickstart([("model_source: operator-moe", "model_source: ./cut")])
        let apply = try await stage.dpdeploy("apply", path, "--wait", within: .seconds(60))
        #expect(apply.ended(with: 1), "\(apply)")
        #expect(apply.errors.contains("quickstart is DEPLOY_FAILED"), "\(apply)")
        #expect(apply.errors.contains("model.safetensors: truncated"), "\(apply)")
        let (check, status) = try await stage.look("quickstart", "--check")
        #expect(check.ended(with: 7), "\(check)")
        let application = try #require(status.applications.first)
        #expect(application.status == .deployFailed && application.message.contains("truncated"))
        #expect(application.epochs == [1] && Population(of: stage.home).ranks == [])
        let events = try await stage.dpdeploy("events", "quickstart")
        let isRetried = events.output.contains("GroupRestarting")
        #expect(events.output.contains("GroupFailed") && !isRetried, "\(events)")
      }
    }

    /// A copy of the bundled model without the second half of its weights.
    private func cutWeights(of folder: String) throws {
      try FileManager.default.copyItem(atPath: Tools.root + "/models/operator-moe", toPath: folder)
      let weights = URL(filePath: folder + "/model.safetensors")
      let whole = try Data(contentsOf: weights)
      try whole.prefix(whole.count / 2).write(to: weights)
    }
  }
}

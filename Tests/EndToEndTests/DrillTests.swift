import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// Each puts a deployment into a state for real, and asks what it is told.
  @Suite @Loop struct `A drill` {
    /// The right hint comes first within this time.
    private static let patience = Duration.seconds(15)

    @Test(arguments: Drill.all.filter { $0.isShort || Environment["DPDEPLOY_DRILLS"] != nil })
    func `brings the right hint first, with its numbers`(_ drill: Drill) async throws {
      try await onStage { stage in
        let path = try stage.quickstart(drill.changes)
        let application = try await begin(drill, path, stage)
        let load =
          try drill.users.isEmpty ? nil : DrillLoad(drill.users, at: Questioner(application).endpoint)
        defer {
          load?.stop()
          for pid in application.pids(.rank).union(application.pids(.ingress)) { kill(pid, SIGCONT) }
        }
        try await drill.act(stage, application)
        let start = Instant.now
        let hint = try await first(drill.hint, stage)
        print(
          "drill: \(drill.state): \(hint.id) after \((Instant.now - start).inSeconds) s: \(hint.evidence.map(\.text))"
        )
        #expect(!hint.evidence.isEmpty && hint.runbook?.hasSuffix(hint.id.lowercased()) == true)
      }
    }

    @Test func `has its row in the documentation`() throws {
      let document = try text(ofFile: Tools.root + "/docs/operations.md")
      for drill in Drill.all {
        #expect(document.contains(drill.row), "docs/operations.md lacks: \(drill.row)")
      }
    }

    @Test func `of ranks that do not divide over nodes is over before it begins`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart([
          (
            "ingress_deployment_config:",
            "  experimental_configs: {dp_size_per_node: 3}\n\ningress_deployment_config:"
          )
        ])
        let run = try await stage.dpdeploy("apply", path)
        #expect(run.ended(with: 3) && run.errors.contains("uneven-nodes"), "\(run)")
      }
    }

    private func begin(_ drill: Drill, _ path: String, _ stage: Stage) async throws -> ApplicationStatus {
      if drill.starts { return try await stage.deploy(path) }
      let run = try await stage.dpdeploy("apply", path)
      try #require(run.ended(with: 0), "\(run)")
      return try #require(try await stage.application())
    }

    private func first(_ id: String, _ stage: Stage) async throws -> Hint {
      var last: ApplicationStatus?
      return try await wait(
        for: id, within: Self.patience, every: .milliseconds(250),
        detail: { "\(String(describing: last?.hints)), \(String(describing: last))" }
      ) {
        last = try await stage.application()
        return last?.hints.first.flatMap { $0.id == id ? $0 : nil }
      }
    }
  }
}

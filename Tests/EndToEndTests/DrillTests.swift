import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// Each puts a deployment into a state for real, asks what it is told, and does that.
  @Suite @Loop struct `A drill` {
    /// The right hint comes first within this time.
    private static let patience = Duration.seconds(15)
    /// It is gone within this time of the cure, and stays away for as long as it would need to come.
    private static let recovery = Duration.seconds(20)
    private static let absence = Duration.seconds(5)

    @Test(arguments: Drill.asked)
    func `brings the right hint first, with its numbers, and ends with what it advises`(_ drill: Drill)
      async throws
    {
      try await onStage { stage in
        let path = try stage.quickstart(manifest(of: drill, stage))
        let application = try await begin(drill, path, stage)
        let scene = try DrillScene(stage, application, users: drill.users)
        defer {
          try? scene.replaceUsers(by: [])
          for pid in application.pids(.rank).union(application.pids(.ingress)) { kill(pid, SIGCONT) }
        }
        try await drill.act(scene)
        let (hint, delay) = try await first(drill.hint, stage)
        print("drill: \(drill.state): \(hint.id) after \(delay) s: \(hint.evidence.map(\.text))")
        #expect(!hint.evidence.isEmpty && hint.runbook?.hasSuffix(hint.id.lowercased()) == true)
        try await cure(drill, path, scene)
        print("drill: \(drill.state): gone after \(try await end(of: drill.hint, stage)) s")
      }
    }

    @Test(.enabled(if: Environment["DPDEPLOY_DRILLS"] != nil))
    func `of a healthy deployment under load brings no hint at all`() async throws {
      try await onStage { stage in
        let application = try await stage.deploy(stage.quickstart())
        let load = try DrillLoad([DrillUsers(count: 8)], at: Questioner(application).endpoint)
        defer { load.stop() }
        let end = Instant.now + Self.recovery
        try await wait(for: "the end of the watch", within: Self.recovery * 2, every: .milliseconds(250)) {
          let hints = try #require(try await stage.application()).hints
          try #require(hints.isEmpty, "\(hints)")
          return Instant.now < end ? nil : ()
        }
        #expect(load.answered > 8)
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

    private func manifest(of drill: Drill, _ stage: Stage) throws -> [(from: String, to: String)] {
      guard let model = try drill.model.source(in: stage.folder) else { return drill.changes }
      return drill.changes + [("model_source: operator-moe ", "model_source: \(model) ")]
    }

    private func begin(_ drill: Drill, _ path: String, _ stage: Stage) async throws -> ApplicationStatus {
      if drill.starts { return try await stage.deploy(path) }
      let run = try await stage.dpdeploy("apply", path)
      try #require(run.ended(with: 0), "\(run)")
      return try #require(try await stage.application())
    }

    private func first(_ id: String, _ stage: Stage) async throws -> (Hint, delay: Double) {
      let start = Instant.now
      var last: ApplicationStatus?
      let hint = try await wait(
        for: id, within: Self.patience, every: .milliseconds(250),
        detail: { "\(String(describing: last?.hints)), \(String(describing: last))" }
      ) {
        last = try await stage.application()
        return last?.hints.first.flatMap { $0.id == id ? $0 : nil }
      }
      return (hint, (Instant.now - start).inSeconds)
    }

    private func cure(_ drill: Drill, _ path: String, _ scene: DrillScene) async throws {
      switch drill.cure {
      case .fix:
        let run = try await scene.stage.dpdeploy("hints", "quickstart", "--fix", drill.hint)
        try #require(run.ended(with: 0), "\(run)")
        print(run.output)
        try await scene.stage.deploy(path)
      case .manifest(let changes): try await scene.stage.deploy(scene.stage.quickstart(changes))
      case .act(let act): try await act(scene)
      }
    }

    /// Waits until the hint is gone for good.
    private func end(of id: String, _ stage: Stage) async throws -> Double {
      let start = Instant.now
      var goneSince: Instant?
      var last: ApplicationStatus?
      return try await wait(
        for: "the end of \(id)", within: Self.recovery, every: .milliseconds(250),
        detail: { "\(String(describing: last?.hints)), \(String(describing: last))" }
      ) {
        last = try await stage.application()
        guard let last, last.isHealthy, !last.hints.contains(where: { $0.id == id }) else {
          goneSince = nil
          return nil
        }
        goneSince = goneSince ?? .now
        return goneSince.flatMap { Instant.now - $0 >= Self.absence ? ($0 - start).inSeconds : nil }
      }
    }
  }
}

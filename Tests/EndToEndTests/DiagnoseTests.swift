import Platform
import Testing

extension `Whole deployments` {
  /// A bundle that may be attached to a question.
  @Suite @Loop struct `Diagnose` {
    @Test func `packs what is known, without secrets`() async throws {
      try await onStage { stage in
        let secret = "hush-hush-4711"
        let path = try stage.quickstart([
          (
            "  engine_kwargs:",
            "  runtime_env: {env_vars: {MY_TOKEN: {value: \(secret), secret: true}}}\n  engine_kwargs:"
          )
        ])
        let apply = try await stage.dpdeploy(
          "apply", path, "--wait", "--timeout", "60s", within: .seconds(90))
        try #require(apply.ended(with: 0), "\(apply)")
        let run = try await stage.dpdeploy("diagnose", "quickstart", "--into", stage.folder)
        #expect(run.ended(with: 0), "\(run)")
        let list = try await stage.run(
          "/bin/sh", ["-c", "tar -tzf \(stage.folder)/dpdeploy-diagnose-*.tar.gz"])
        for name in [
          "versions.json", "doctor.txt", "status.json", "events.json", "manifests/quickstart.yaml",
          "logs/quickstart/dp0.log", "logs/controller.log",
        ] { #expect(list.output.contains(name + "\n"), "\(name): \(list)") }
        let texts = try await stage.run(
          "/bin/sh", ["-c", "tar -xOzf \(stage.folder)/dpdeploy-diagnose-*.tar.gz"])
        #expect(texts.output.contains("  runtime_env: ***") && !texts.output.contains(secret))
      }
    }
  }
}

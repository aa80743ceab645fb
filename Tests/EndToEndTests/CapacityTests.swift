import ControlAPI
import JSON
import Platform
import Testing

extension `Whole deployments` {
  /// What is computed beforehand is what ranks then measure.
  @Suite @Loop struct `Capacity` {
    @Test func `is within two per cent of what a rank measures`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart()
        let apply = try await stage.dpdeploy(
          "apply", path, "--wait", "--timeout", "60s", within: .seconds(90))
        try #require(apply.ended(with: 0), "\(apply)")
        let workspace = try await measured("memory: workspace ", stage)
        let run = try await stage.dpdeploy("capacity", path, "--reserve", "\(workspace)", "--json")
        #expect(run.ended(with: 0), "\(run)")
        let computed = try JSONValue(parsing: run.output)
        for (name, words) in [
          ("weight_bytes", "memory: weights "), ("kv_tokens", "GPU KV cache size: "),
        ] {
          let real = Double(try await measured(words, stage))
          let ours = try #require(computed[name]?.double)
          #expect(abs(ours / real - 1) <= 0.02, "\(name): computed \(ours), measured \(real)")
        }
      }
    }

    /// The number behind these words in rank 0's log.
    private func measured(_ words: String, _ stage: Stage) async throws -> Int {
      let log = try await stage.dpdeploy(
        "logs", "quickstart", "--rank", "0", "--tail", "1000", "--grep", words)
      let rest = try #require(
        log.output.split(separator: words, maxSplits: 1).dropFirst().first, "\(log)")
      return try #require(Int(rest.prefix { $0.isNumber }))
    }
  }
}

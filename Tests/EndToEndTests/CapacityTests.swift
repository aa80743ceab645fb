import ControlAPI
import FoundationEssentials
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
        try await holds(path, stage)
      }
    }

    /// What is called the largest fits into a small device, and one more block does not.
    private func holds(_ path: String, _ stage: Stage) async throws {
      let small = "--accelerator=12MiB"
      let run = try await stage.dpdeploy("capacity", path, "--json", small)
      let largest = try #require(JSONValue(parsing: run.output)["largestMaxModelLen"]?.double.map { Int($0) })
      let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
      for (length, code) in [(largest, Int32(0)), (largest + 64, 4)] {
        let changed = stage.folder + "/long.yaml"
        let line = text.replacing(/max_model_len:.*/, with: "max_model_len: \(length)")
        try Data(line.utf8).write(to: URL(filePath: changed))
        let run = try await stage.dpdeploy("capacity", changed, small)
        #expect(run.ended(with: code), "max_model_len \(length): \(run)")
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

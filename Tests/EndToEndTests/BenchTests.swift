import ControlAPI
import Glibc
import JSON
import Platform
import Testing

extension `Whole deployments` {
  /// Load as users offer it, and what its limits are.
  @Suite @Loop struct `The benchmark` {
    @Test func `counts tokens as the server does, of an application and of a URL`() async throws {
      try await onStage { stage in
        let application = try await stage.deploy(try stage.quickstart())
        let endpoint = try #require(application.endpoint.value)
        for target in ["quickstart", endpoint + "/v1"] {
          let run = try await stage.dpdeploy(
            "bench", target, "-n", "12", "-c", "3", "--prompt-tokens", "40", "--output-tokens", "10", "-o",
            "json")
          #expect(run.ended(with: 0), "\(run)")
          let report = try JSONValue(parsing: run.output)
          #expect(report["requests"]?.integer == 12 && report["failures"]?.integer == 0, "\(run)")
          let seconds = try #require(report["elapsed_seconds"]?.double)
          let input = try #require(report["prompt_tokens_per_second"]?.double) * seconds
          let output = try #require(report["generation_tokens_per_second"]?.double) * seconds
          #expect(input.rounded() == 480 && output.rounded() == 120, "\(run)")
          #expect(report["tpot_seconds"]?["count"]?.integer == 12, "\(run)")
        }
        let refused = try await stage.dpdeploy("bench", "quickstart", "-n", "2", "--prompt-tokens", "90000")
        #expect(refused.ended(with: 1) && refused.output.contains("2 status-400"), "\(refused)")
      }
    }

    @Test func `finds the batch for an objective, tells who looks on, and puts the former one back`()
      async throws
    {
      try await onStage { stage in
        // Seventeen sequences do not go into steps of sixteen tokens, so that value is refused.
        let path = try stage.quickstart([
          ("max_num_seqs: 64 ", "max_num_seqs: 8\n    max_num_batched_tokens: 16 ")
        ])
        try await stage.deploy(path)
        let batches = try await stage.dpdeploy(
          "bench", "quickstart", "--sweep", "--vary", "max_num_seqs", "--yes", "--from", "15", "--to", "17",
          "--slo", "e2el_p95=1h", "-d", "300ms", "--json", within: .seconds(90))
        #expect(batches.ended(with: 0), "\(batches)")
        let report = try JSONValue(parsing: batches.output)
        #expect(report["best"]?.integer == 16 && report["fix"]?["after"]?.string == "16", "\(batches)")
        try await expectFormerState(stage, path)
        let events = try await stage.dpdeploy("events", "quickstart")
        #expect(events.output.contains("bench: max_num_seqs 15, 30 users"), "\(events)")
      }
    }

    @Test func `finds the users for an objective, and writes the batch that keeps them inside`() async throws
    {
      try await onStage { stage in
        // Who comes while two requests are at each rank and one waits is refused, and that is outside of any objective.
        let path = try stage.quickstart([
          ("  engine_kwargs:", "  deployment_config: {max_ongoing_requests: 2}\n  engine_kwargs:"),
          ("port: 0 ", "port: 0\n  max_queued_requests: 1 "),
        ])
        try await stage.deploy(path)
        let words = ["bench", "quickstart", "--sweep", "--slo", "e2el_p95=1h", "-d", "300ms"]
        let open = try await stage.run(Tools.path(of: "dpdeploy"), words + ["--to", "1", "--fix"])
        #expect(open.ended(with: 0) && open.output.contains("--to goes further"), "\(open)")
        #expect(try text(ofFile: path).contains("max_num_seqs: 64 "), "\(open)")
        let fixed = try await stage.run(Tools.path(of: "dpdeploy"), words + ["--to", "16", "--fix"])
        #expect(fixed.ended(with: 0) && fixed.output.contains("-     max_num_seqs: 64 "), "\(fixed)")
        let written = try text(ofFile: path).firstMatch(of: /max_num_seqs: (\d+)/).flatMap { Int($0.1) }
        #expect((1...3).contains(written ?? 0), "\(fixed)")
      }
    }

    @Test func `puts the former batch back when it is interrupted`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart()
        try await stage.deploy(path)
        let sweep = Task {
          try await stage.run(
            "/bin/sh",
            ["-c", "echo $$ > \(stage.folder)/pid; exec \"$@\"", "sh", Tools.path(of: "dpdeploy")]
              + "bench quickstart --sweep --vary max_num_seqs --yes --from 2 --slo e2el_p95=1h -d 1h".split(
                separator: " "
              ).map(String.init),
            within: .seconds(60))
        }
        try await wait(for: "load on another batch") {
          let events = try await stage.dpdeploy("events", "quickstart")
          return events.output.contains("bench: max_num_seqs 2") ? () : nil
        }
        let pid = try #require(Int32(try text(ofFile: stage.folder + "/pid").filter(\.isNumber)))
        kill(pid, SIGINT)
        let run = try await sweep.value
        #expect(run.ended(with: 130), "\(run)")
        try await expectFormerState(stage, path)
      }
    }

    /// What runs is what the file says, and serves.
    private func expectFormerState(_ stage: Stage, _ path: String) async throws {
      let plan = try await stage.dpdeploy("plan", path, "--exit-code")
      #expect(plan.ended(with: 0), "\(plan)")
      #expect(try await stage.application()?.isHealthy == true)
    }
  }
}

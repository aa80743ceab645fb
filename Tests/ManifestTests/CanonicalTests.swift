import Testing

@testable import Manifest

@Suite struct `The canonical text` {
  @Test func `reads back to an equal manifest`() throws {
    for name in ["quickstart", "deepseek-v3-16dp", "vllm"] {
      let first = try #require(read(try contents("manifests/\(name).yaml")).manifest)
      let again = try #require(read(first.canonicalText(secrets: .included, indent: 2)).manifest)
      #expect(again == first)
      #expect(again.canonicalText() == first.canonicalText())
    }
  }

  @Test func `does not change when a default is spelled out or keys change places`() throws {
    let short = try manifest("  engine_kwargs: {max_num_seqs: 8, data_parallel_size: 2}")
    let long = try manifest(
      "  engine_kwargs: {data_parallel_size: 2, max_num_seqs: 8, seed: 0, block_size: 16}\ningress: {port: 8000}"
    )
    #expect(short.canonicalText() == long.canonicalText())
  }

  @Test func `hides secrets unless they are asked for, and keeps what marks them`() throws {
    let secret = "s3cr3t"
    let original = try manifest(
      "  runtime_env: {env_vars: {HF_TOKEN: \(secret)1, PLAIN: {value: \(secret)2, secret: true}}}\n"
        + "  engine_kwargs: {api_key: \(secret)3}")
    #expect(!original.canonicalText().contains(secret))
    let again = try #require(read(original.canonicalText(secrets: .included)).manifest)
    #expect(again == original)
    let kept = ManifestSource(name: "m", text: original.canonicalText())
    #expect(Manifest.read(kept, secrets: original.secrets).manifest == original)
    #expect(Manifest.read(kept).manifest != original)
    #expect(original.secrets.count == 3)
    #expect(again.environment.filter { $0.isSecret }.count == 2)
    #expect(again.environment.allSatisfy { $0.display == Settings.redacted })
  }
}

@Suite struct `The difference of two manifests` {
  @Test func `is there for vLLM when our default takes the place of its own`() throws {
    let open = try manifest("engine: vllm")
    let given = try manifest("  engine_kwargs: {block_size: 16, max_num_seqs: 256}\nengine: vllm")
    let changes = Manifest.diff(open, given)
    #expect(changes.map(\.path) == [FieldPath.blockSize] && changes.first?.old == nil, "\(changes)")
    #expect(changes.first?.changeClass == .groupRestart)
  }

  @Test func `names each field, both values and what it costs`() throws {
    let old = try manifest("  engine_kwargs: {max_num_seqs: 8}")
    let new = try manifest(
      "  engine_kwargs: {max_num_seqs: 16}\ningress: {policy: round_robin}\n"
        + "ingress_deployment_config: {autoscaling_config: {min_replicas: 3}}\nrollout: {drain_timeout_s: 5}")
    let found = Manifest.diff(old, new).map {
      "\($0.path) \($0.old ?? "-") \($0.new ?? "-") \($0.changeClass.rawValue)"
    }
    #expect(
      found == [
        "llm_config.engine_kwargs.max_num_seqs 8 16 group-restart",
        "ingress_deployment_config.autoscaling_config.min_replicas 1 3 live",
        "ingress_deployment_config.autoscaling_config.max_replicas 1 3 live",
        #"ingress.policy "power_of_two" "round_robin" ingress-roll"#,
        "rollout.drain_timeout_s 20 5 none",
      ])
  }

  @Test func `is empty when only the spelling differs`() throws {
    let old = try manifest("  engine_kwargs: {max_model_len: 16K}\nfailure_policy: recover")
    #expect(Manifest.diff(old, try manifest("  engine_kwargs: {max_model_len: 16384}")).isEmpty)
  }

  @Test func `tells variables one by one and never shows a secret`() throws {
    let old = try manifest("  runtime_env: {env_vars: {HF_TOKEN: aaa, GONE: x, KEPT: y}}")
    let new = try manifest("  runtime_env: {env_vars: {HF_TOKEN: bbb, KEPT: y, NEW: z}}")
    let found = Manifest.diff(old, new).map {
      "\($0.path.split(separator: ".").last ?? "") \($0.old ?? "-") \($0.new ?? "-")"
    }
    #expect(found == ["HF_TOKEN <redacted> <redacted>", "GONE \"x\" -", "NEW - \"z\""])
  }

  @Test func `costs nothing where the field does nothing`() throws {
    let changes = Manifest.diff(
      try manifest(), try manifest("  engine_kwargs: {max_log_len: 4, enforce_eager: true}"))
    #expect(changes.count == 2)
    #expect(changes.allSatisfy { $0.changeClass == .none })
  }
}

@Suite struct `Where a value stands` {
  @Test func `is kept for errors that are found later`() throws {
    let reading = try manifest("ingress:\n  port: 8123")
    #expect(reading.settings.span(of: FieldPath.port) == SourceSpan(line: 6, column: 9, length: 4))
    #expect(reading.settings.span(of: FieldPath.host) == nil)
  }
}

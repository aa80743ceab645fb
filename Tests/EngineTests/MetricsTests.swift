import Glibc
import HTTP
import JSON
import Platform
import Testing

@Suite struct `The metrics of a rank` {
  private static let histograms = [
    "request_prompt_tokens", "request_generation_tokens", "iteration_tokens_total",
    "request_max_num_generation_tokens", "request_params_n", "request_params_max_tokens",
    "time_to_first_token_seconds", "inter_token_latency_seconds", "request_time_per_output_token_seconds",
    "e2e_request_latency_seconds", "request_queue_time_seconds", "request_inference_time_seconds",
    "request_prefill_time_seconds", "request_decode_time_seconds", "request_num_preemptions",
    "request_prefill_kv_computed_tokens",
  ]
  private static let others = [
    ("prefix_cache_queries_total", "counter"), ("prefix_cache_hits_total", "counter"),
    ("num_preemptions_total", "counter"), ("prompt_tokens_total", "counter"),
    ("prompt_tokens_by_source_total", "counter"), ("prompt_tokens_cached_total", "counter"),
    ("generation_tokens_total", "counter"), ("request_success_total", "counter"),
    ("admission_rejections_total", "counter"), ("num_requests_running", "gauge"),
    ("num_requests_waiting", "gauge"), ("num_requests_waiting_by_reason", "gauge"),
    ("engine_sleep_state", "gauge"), ("kv_cache_usage_perc", "gauge"), ("cache_config_info", "gauge"),
  ]

  private func value(_ page: String, _ series: String) throws -> Double {
    let line = try #require(page.split(separator: "\n").first { $0.hasPrefix(series + " ") }, "\(series)")
    return try #require(line.split(separator: " ").last.flatMap { Double($0) })
  }

  private static let label = #"engine="0",model_name="toy""#

  @Test @Loop func `have vLLM's families, of which those of requests and prompts count what was asked`()
    async throws
  {
    let group = try await EngineGroup(1, arguments: ["--enable-prefix-caching", "--block-size", "4"])
    let rank = group.ranks[0]
    let prompt = [Int](1...13)
    let body =
      #"{"prompt":\#(prompt),"max_tokens":3,"n":2,"ignore_eos":true,"temperature":0}"#
    for _ in 0..<2 { _ = try await rank.post("/v1/completions", body) }
    let page = try await rank.get("/metrics").text
    for name in Self.histograms { #expect(page.contains("# TYPE vllm:\(name) histogram\n"), "\(name)") }
    for (name, kind) in Self.others { #expect(page.contains("# TYPE vllm:\(name) \(kind)\n"), "\(name)") }
    let cached = try value(page, "vllm:prompt_tokens_cached_total{\(Self.label)}")
    #expect(cached == 24 || cached == 36, "\(cached)")
    let local = try value(
      page, #"vllm:prompt_tokens_by_source_total{\#(Self.label),source="local_compute"}"#)
    #expect(try local + cached == value(page, "vllm:prompt_tokens_total{\(Self.label)}"))
    #expect(try value(page, "vllm:request_prefill_kv_computed_tokens_sum{\(Self.label)}") == local)
    #expect(try value(page, "vllm:request_max_num_generation_tokens_count{\(Self.label)}") == 2)
    #expect(try value(page, "vllm:request_max_num_generation_tokens_sum{\(Self.label)}") == 6)
    #expect(try value(page, "vllm:request_num_preemptions_count{\(Self.label)}") == 4)
    await group.stop()
  }

  @Test @Loop func `tell how each step's time was spent, and a trace of the latest steps`() async throws {
    let group = try await EngineGroup(2, arguments: ["--moe-dp-chunk-size", "4"])
    let rank = group.ranks[0]
    _ = try await rank.post(
      "/v1/completions", #"{"prompt":[1,2,3,4,5,6,7,8,9,10],"max_tokens":4,"ignore_eos":true}"#)
    let page = try await rank.get("/metrics").text
    for phase in ["schedule", "agree", "attention", "experts", "wait", "sample", "step"] {
      let series = #"dpdeploy:step_phase_seconds_count{\#(Self.label),phase="\#(phase)"}"#
      #expect(try value(page, series) == 4, "\(phase)")
    }
    #expect(try value(page, #"dpdeploy:step_phase_seconds_sum{\#(Self.label),phase="step"}"#) > 0)
    // Ten tokens in pieces of four, then three steps of one.
    #expect(try value(page, "dpdeploy:step_chunks_sum{\(Self.label)}") == 6)
    let trace = try JSONValue(parsing: try await rank.get("/debug/trace?steps=3").text)
    let events = try #require(trace["traceEvents"]?.elements)
    #expect(events.count { $0["name"]?.string == "step" } == 3)
    let steps = events.filter { $0["name"]?.string == "step" }
    let forwards = events.filter { $0["name"]?.string == "forward" }
    for (step, forward) in zip(steps, forwards) {
      #expect(forward["ts"]?.double ?? 0 >= step["ts"]?.double ?? .infinity)
      #expect(forward["dur"]?.double ?? 0 > 0)
    }
    #expect(try await rank.get("/debug/trace?steps=0").status == 400)
    await group.stop()
  }

  @Test @Loop func `tell the parts of the memory, which the log tells too`() async throws {
    let group = try await EngineGroup(1)
    let page = try await group.ranks[0].get("/metrics").text
    var parts: [String: Double] = [:]
    for part in ["accelerator", "usable", "weights", "workspace", "kv_cache", "unused"] {
      parts[part] = try value(page, #"dpdeploy:memory_bytes{\#(Self.label),part="\#(part)"}"#)
    }
    let used = ["weights", "workspace", "kv_cache", "unused"].compactMap { parts[$0] }.reduce(0, +)
    #expect(used == parts["usable"] && parts["accelerator"] == 1_073_741_824)
    let log = group.ranks[0].log
    #expect(log.contains("memory: weights \(Int(parts["weights"] ?? 0)) bytes"), "\(log)")
    #expect(log.contains("bytes = \(Int(parts["kv_cache"] ?? 0)) bytes"), "\(log)")
    await group.stop()
  }

  @Test @Loop func `count evicted blocks, resumed requests and refused ones`() async throws {
    let group = try await EngineGroup(
      1,
      arguments: [
        "--enable-prefix-caching", "--max-model-len", "64", "--num-gpu-blocks-override", "4",
        "--max-num-seqs", "1", "--max-num-queued-reqs", "1",
      ])
    let rank = group.ranks[0]
    for first in [1, 101] {
      let prompt = [Int](first..<(first + 60))
      _ = try await rank.post("/v1/completions", #"{"prompt":\#(prompt),"max_tokens":1}"#)
    }
    #expect(try await rank.metric("dpdeploy:kv_blocks_evicted_total") == 3)
    let resumed = try await rank.stream(
      "/v1/completions", #"{"prompt":[5],"max_tokens":4,"ignore_eos":true,"stream":true}"#,
      fields: [
        ("X-Dpdeploy-Request", "seed=1;created=2;id=r1"), ("X-Dpdeploy-Resume", "0=7,8"),
      ])
    while try await resumed.read(until: .after(.seconds(10))) != nil {}
    #expect(try await rank.metric("dpdeploy:resumed_requests_total") == 1)
    #expect(try await rank.metric("dpdeploy:resumed_tokens_total") == 2)
    let refused = try await rank.post("/v1/completions", #"{"prompt":[5],"max_tokens":2,"n":3}"#)
    #expect(refused.status == 503)
    #expect(try await rank.metric("vllm:admission_rejections_total") >= 1)
    await group.stop()
  }

  @Test @Loop func `count what a rank saw of its group's changes`() async throws {
    let group = try await EngineGroup(2, arguments: ["--failure-policy", "recover"])
    let rank = group.ranks[0]
    #expect(try await rank.metric("dpdeploy:views_total") == 0)
    group.ranks[1].process.send(SIGKILL)
    let deadline = Instant.after(.seconds(20))
    while try await rank.metric("dpdeploy:views_total") < 1 {
      try #require(Instant.now < deadline, "the rank noticed nothing")
      _ = try await rank.greedy([5], count: 2)
    }
    await group.stop()
  }
}

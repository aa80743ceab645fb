import Platform

extension Drill {
  /// Fewer requests per second than the machine could serve.
  static let throughputDrills = [
    Drill(
      state: "Batch size too small", means: "`max_num_seqs: 4` on two ranks, twelve users", hint: "H05",
      changes: [("max_num_seqs: 64", "max_num_seqs: 4")], users: [DrillUsers(count: 12)],
      isShort: true),
    Drill(
      state: "Too few ingress replicas",
      means: "one ingress replica, eight users whose requests of 2 MiB it has to read and refuse",
      hint: "H04",
      changes: [("min_replicas: 2", "min_replicas: 1"), ("max_replicas: 2", "max_replicas: 1")],
      users: [
        DrillUsers(count: 8, model: "unknown", padding: 2 << 20),
        DrillUsers(count: 1, maxTokens: 4, pause: .seconds(1)),
      ]),
    Drill(
      state: "Inefficient routing", means: "ten users pin rank 0 with `X-data-parallel-rank`", hint: "H03",
      cleared: "users who pin no rank", users: [DrillUsers(count: 10, maxTokens: 200, rank: 0)],
      cure: .act { scene in try scene.replaceUsers(by: [DrillUsers(count: 10, maxTokens: 200)]) }),
    Drill(
      state: "Hot experts", means: "a router that sends every token to the experts of rank 0", hint: "H10",
      model: .lopsided, changes: [shortLength], users: [DrillUsers(count: 8)]),
    Drill(
      state: "Chunk too small", means: "`VLLM_MOE_DP_CHUNK_SIZE: 1`, eight users", hint: "H20",
      changes: [
        (
          "ingress_deployment_config:",
          "  runtime_env:\n    env_vars: {VLLM_MOE_DP_CHUNK_SIZE: \"1\"}\n\ningress_deployment_config:"
        )
      ],
      users: [DrillUsers(count: 8)]),
    Drill(
      state: "Ranks above cores", means: "four ranks more than the machine has cores", hint: "H22",
      changes: [("data_parallel_size: 2", "data_parallel_size: \(Processor.count + 4)")],
      users: [DrillUsers(count: 2 * (Processor.count + 4))]),
    Drill(
      state: "Admission limit", means: "`max_queued_requests: 2`, `max_num_seqs: 1`, sixteen users",
      hint: "H23",
      changes: [
        ("max_num_seqs: 64", "max_num_seqs: 1"), ("ingress:\n", "ingress:\n  max_queued_requests: 2\n"),
      ],
      users: [DrillUsers(count: 16)]),
  ]

  /// Requests that wait, and tokens that come slowly.
  static let latencyDrills = [
    Drill(
      state: "Batch size too large, with head-of-line blocking",
      means: "`max_num_batched_tokens: 512`, prompts as long among six streams", hint: "H06",
      changes: [engine("max_num_batched_tokens: 512"), ("max_num_seqs: 64", "max_num_seqs: 16")],
      users: [
        DrillUsers(count: 6, maxTokens: 400),
        DrillUsers(count: 1, maxTokens: 1, words: 400, pause: .milliseconds(500)),
      ]),
    Drill(
      state: "Memory pressure", means: "KV blocks for six requests a rank, 24 users", hint: "H07",
      changes: [
        ("max_model_len: 4096", "max_model_len: 512"),
        ("ingress:\n", "engine_options: {accelerator_memory: 25100000}\ningress:\n"),
      ],
      users: [DrillUsers(count: 24, maxTokens: 200)]),
    Drill(
      state: "Slow network between replicas", means: "links of 20 ms between two nodes", hint: "H19",
      cleared: "links of 1 µs",
      changes: [twoNodes("{inter: {latency_us: 20000, gbps: 1}}")], users: [DrillUsers(count: 8)],
      cure: .manifest([twoNodes("{inter: {latency_us: 1, gbps: 100}}")])),
  ]

  /// What works, and wastes something.
  static let wasteDrills = [
    Drill(
      state: "Low traffic", means: "one user on two ranks", hint: "H17",
      users: [DrillUsers(count: 1, maxTokens: 400)]),
    Drill(
      state: "Dense model",
      means: "`enable_expert_parallel: false`, which leaves ranks nothing to share", hint: "H18",
      changes: [("enable_expert_parallel: true", "enable_expert_parallel: false")],
      users: [DrillUsers(count: 8)]),
    Drill(
      state: "Dual batch overlap at small batches", means: "`enable_dbo: true`, six users", hint: "H21",
      changes: [engine("enable_dbo: true")], users: [DrillUsers(count: 6)]),
  ]
}

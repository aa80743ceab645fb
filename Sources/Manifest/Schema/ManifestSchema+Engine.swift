extension ManifestSchema {
  /// `llm_config.engine_kwargs`: vLLM's engine arguments.
  static let engineArguments = Field.section(
    "engine_kwargs", "Arguments of each rank, under vLLM's names.", vllm: "the flag of the same name",
    parallelArguments + batchArguments + memoryArguments + expertArguments + otherArguments + refusedArguments
      + passedOnArguments)

  private static let parallelArguments: [Field] = [
    Field(
      "data_parallel_size", .integer(1...1024), .integer(1), "Ranks of one group, in lock-step.",
      .groupRestart),
    Field(
      "tensor_parallel_size", .integer(1...64), .integer(1), "Devices one rank spreads its matrices over.",
      .none,
      bundled: .notYet("a rank of the bundled engine is one process")),
    Field(
      "pipeline_parallel_size", .integer(1...64), .integer(1), "Stages one rank spreads its layers over.",
      .none,
      bundled: .notYet("a rank of the bundled engine is one process")),
    Field(
      "enable_expert_parallel", .boolean, .boolean(true),
      "Whether each expert lives on one rank, instead of every rank holding a slice of all of them.", .none,
      bundled: .noEffect("each expert always lives on one rank"),
      vllm: "the flag of the same name; its default is false"),
  ]

  private static let batchArguments: [Field] = [
    Field(
      "max_num_seqs", .integer(1...65_536), .integer(256), "Sequences a rank runs at once.", .groupRestart),
    Field(
      "max_num_batched_tokens", .humanInteger(1...1_048_576, words: [:]),
      "Tokens a rank computes in one step; at least `max_num_seqs`. Left out, it is 2048 or `max_num_seqs`.",
      .groupRestart),
    Field(
      "max_model_len", .humanInteger(2...10_000_000, words: ["auto": .null, "-1": .null]),
      "The longest prompt and answer together, in tokens; left out, the model's own limit.", .groupRestart),
    Field(
      "enable_chunked_prefill", .boolean, .boolean(true),
      "Whether long prompts are computed in pieces; if not, `max_num_batched_tokens` must reach `max_model_len`.",
      .groupRestart),
    Field(
      "scheduling_policy", .choice(["fcfs", "priority"]), .text("fcfs"),
      "Which request goes first: by arrival, or by its `priority`, the lowest number first, then by arrival.",
      .groupRestart),
    Field(
      "max_num_queued_reqs", .integer(1...(.max)),
      "Requests that may wait inside a rank; left out, only `ingress.max_queued_requests` limits them.",
      .groupRestart),
    Field(
      "prefill_schedule_interval", .integer(1...1024), .integer(1),
      "New prompts begin on every n-th step only, on all ranks in the same, so that they hold the group up together.",
      .groupRestart),
  ]

  private static let memoryArguments: [Field] = [
    Field(
      "gpu_memory_utilization", .number(0...1, excludesLower: true), .number(0.9),
      "The share of the device's memory a rank may fill.", .groupRestart),
    Field("block_size", .integer(1...256), .integer(16), "Tokens in a KV block.", .groupRestart),
    Field(
      "enable_prefix_caching", .boolean,
      "Whether prompts that begin alike share KV blocks; left out, they do not.",
      .groupRestart, vllm: "the flag of the same name; its default is true"),
    Field(
      "kv_cache_memory_bytes", .size, "The size of a rank's KV cache, in place of `gpu_memory_utilization`.",
      .groupRestart),
    Field(
      "dtype", .choice(["auto", "float32", "float", "bfloat16"], later: ["float16", "half"]), .text("auto"),
      "The number format in which matrices are multiplied; `auto` is bfloat16 for weights of that format, where"
        + " the processor has AVX2, else float32. In bfloat16 a token's result depends on nothing but its text.",
      .groupRestart),
    Field(
      "quantization", .choice(["int8"], later: ["fp8", "awq", "gptq", "compressed-tensors"]),
      "The format weights and activations are squeezed into for products: `int8`, with a scale for each 128 of them,"
        + " reads half the memory of bfloat16 for close to the same text.", .groupRestart,
      vllm: "the flag of the same name, with other formats"),
  ]

  private static let expertArguments: [Field] = [
    Field(
      "enable_dbo", .boolean, .boolean(false),
      "Dual Batch Overlap: a step as two half-batches, one computes while the other's rows travel; only when every rank"
        + " has tokens enough. Takes a second set of the exchange's buffers.", .groupRestart,
      vllm: "the flag of the same name, with `deepep_*` backends only"),
    Field(
      "dbo_decode_token_threshold", .integer(0...(.max)), .integer(32),
      "With `enable_dbo`, tokens of a rank from which a step without prompts overlaps.",
      .groupRestart),
    Field(
      "dbo_prefill_token_threshold", .integer(0...(.max)), .integer(512),
      "With `enable_dbo`, tokens of a rank from which a step with prompts overlaps.",
      .groupRestart),
    Field(
      "all2all_backend",
      .choice(
        ["allgather_reducescatter", "naive", "deepep_high_throughput", "deepep_low_latency"],
        later: [
          "deepep_v2", "flashinfer_all2allv", "flashinfer_nvlink_one_sided", "flashinfer_nvlink_two_sided",
          "mori_high_throughput", "mori_low_latency", "nixl_ep", "moonep", "pplx",
        ]),
      "How tokens travel to their experts: every rank copies all of them (`naive`, `allgather_reducescatter`), each once"
        + " to a rank and between nodes once to a node (`deepep_high_throughput`), or one row an expert into fixed slots"
        + " (`deepep_low_latency`: memory for `VLLM_MOE_DP_CHUNK_SIZE` tokens of each rank and each own expert); left out, an owner reads"
        + " its rows in the sources' memory. The answers are the same to the bit.",
      .groupRestart),
    Field(
      "enable_eplb", .boolean, .boolean(false),
      "Expert Parallel Load Balancer: experts move between ranks to even out the load.", .groupRestart),
    .section("eplb_config", "How experts move, and how many there are more than one of.", balancingArguments),
    Field(
      "expert_placement_strategy", .choice(["linear", "round_robin"]), .text("linear"),
      "Which rank owns which expert at the start: neighbours together, or dealt out one by one.",
      .groupRestart),
    Field(
      "dp_sync_interval", .integer(1...1024), .integer(16),
      "Steps between two votes on whether the group is idle.",
      .none, bundled: .noEffect("ranks agree on every step")),
  ]

  private static let balancingArguments: [Field] = [
    Field(
      "window_size", .integer(1...1_000_000), .integer(1000), "Steps whose tokens count as the load.",
      .groupRestart),
    Field(
      "step_interval", .integer(1...1_000_000), .integer(3000),
      "Steps between two rebalancings; the first comes after a quarter of it.", .groupRestart),
    Field(
      "num_redundant_experts", .integer(0...1_000_000), .integer(0),
      "Further copies of the busiest experts, in each layer; with the experts a multiple of `data_parallel_size`.",
      .groupRestart),
    Field(
      "log_balancedness", .boolean, .boolean(false), "Whether each rebalancing is a line in the log.",
      .groupRestart),
    Field(
      "log_balancedness_interval", .integer(1...(.max)), .integer(1),
      "Steps between two lines in vLLM's log.",
      .none, bundled: .noEffect("a line is written at each rebalancing")),
    Field(
      "use_async", .boolean, .boolean(false), "Whether vLLM moves weights beside the steps.", .none,
      bundled: .noEffect("a move is an entry in a table: all ranks read the same weights")),
    Field(
      "policy", .choice(["default"]), .text("default"), "vLLM's algorithm.", .none,
      bundled: .noEffect("there is one algorithm")),
    Field(
      "communicator", .anything, "What carries vLLM's weights when experts move.", .none,
      bundled: .noEffect("no weight moves")),
  ]

  private static let otherArguments: [Field] = [
    Field("seed", .integer(0...(.max)), .integer(0), "The seed of requests that bring none.", .groupRestart),
    Field(
      "enable_lora", .boolean,
      "Whether clients may ask for LoRA adapters; left out, they may where `lora_config` says where adapters lie.",
      .recreate),
    Field(
      "max_loras", .integer(1...1024),
      "Adapters that a rank holds at once; left out, `lora_config.max_num_adapters_per_replica`.",
      .groupRestart),
    Field(
      "max_lora_rank", .integer(1...1024), .integer(16), "The most that an adapter's rank may be.",
      .groupRestart),
    Field(
      "shutdown_timeout", .number(0...(.infinity)), "How long vLLM drains.", .none,
      bundled: .noEffect("use `rollout.drain_timeout_s`")),
    Field(
      "api_key", .text(.any), "A key vLLM asks for.", .none,
      bundled: .noEffect("use `ingress.api_keys_file`"), isSecret: true),
    Field(
      "hf_token", .text(.any), "A token for Hugging Face.", .none,
      bundled: .noEffect("nothing is downloaded"),
      isSecret: true),
    Field(
      "swap_space", .number(0...(.infinity)), "Host memory for swapped sequences; vLLM removed it by 0.18.",
      .none,
      bundled: .noEffect("sequences are recomputed, never swapped")),
  ]

  private static let refusedArguments: [Field] = [
    refused("model", "say it in `llm_config.model_loading_config.model_source`"),
    refused("served_model_name", "say it in `llm_config.model_loading_config.model_id`"),
    refused("host", "ranks listen on private sockets; say it in `ingress.host`"),
    refused("port", "ranks listen on private sockets; say it in `ingress.port`"),
    refused("uds", "ranks listen on private sockets of the controller's choice"),
    refused("data_parallel_size_local", "say it in `llm_config.experimental_configs.dp_size_per_node`"),
    refused("data_parallel_rank", "the controller assigns the ranks"),
    refused("data_parallel_start_rank", "the controller assigns the ranks"),
    refused("data_parallel_address", "the controller brings the ranks together"),
    refused("data_parallel_rpc_port", "the controller brings the ranks together"),
    refused("data_parallel_hybrid_lb", "the ingress balances over the ranks"),
    refused("data_parallel_external_lb", "the ingress balances over the ranks"),
    refused(
      "api_server_count", "say how many ingress replicas in `ingress_deployment_config.autoscaling_config`"),
  ]

  private static func refused(_ name: String, _ instead: String) -> Field {
    Field(name, .refused(.conflict, instead), "Set by the controller.")
  }

  /// The rest of vLLM's flags: known, kept, and without effect on the bundled engine.
  private static let passedOnArguments: [Field] = {
    let described = [
      parallelArguments, batchArguments, memoryArguments, expertArguments, otherArguments, refusedArguments,
    ]
    let taken = Set(described.joined().map(\.name))
    return VLLMFlags.names.filter { !taken.contains($0) }.map { name in
      Field(
        name, .anything, "vLLM's `--\(VLLMFlags.flag(name))`.", .none,
        bundled: .noEffect("it is a flag of vLLM"))
    }
  }()
}

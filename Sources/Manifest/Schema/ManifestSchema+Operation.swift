extension ManifestSchema {
  static let operation: [Field] = [
    Field.section(
      "slo", "The latency the service promises.",
      [
        Field(
          "ttft_ms", .number(0...(.infinity), excludesLower: true), "Time to first token, in milliseconds.",
          .none,
          bundled: .notYet("it is kept, and nothing is judged by it")),
        Field(
          "tpot_ms", .number(0...(.infinity), excludesLower: true), "Time per output token, in milliseconds.",
          .none,
          bundled: .notYet("it is kept, and nothing is judged by it")),
        Field(
          "goodput", .number(0...1), "The share of requests inside both.", .none,
          bundled: .notYet("it is kept, and nothing is judged by it")),
      ]),
    Field.section(
      "cluster", "The nodes; on the local backend they are virtual.",
      [
        Field(
          "nodes", .integer(1...1024),
          "How many nodes; left out, as many as the groups need. Counts when a group starts.", .none,
          ray: "Ray knows its nodes"),
        Field(
          "devices", .integer(1...1024),
          "Devices of each node; left out, `dp_size_per_node`. Counts when a group starts.", .none,
          ray: "Ray knows its nodes"),
        Field(
          "links", .anything,
          "What rows between ranks pass: `inter` between nodes and `intra` within one, as `{latency_us, gbps}` (gigabits a"
            + " second), and pairs of nodes like `0-1`, which may be `down`; left out, memory at its own speed.",
          .groupRestart, vllm: "real links have their own", ray: "Ray's nodes have their own"),
        Field(
          "address", .text(.any),
          "The Ray cluster's dashboard, `host`, `host:port` (8265 when left out) or a URL; `backend: ray` needs it.",
          .recreate, bundled: .inEffect),
        Field(
          "token_file", .text(.any),
          "A file with the Ray cluster's token, of mode 0600; left out, RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or"
            + " ~/.ray/auth_token of the controller.", .none),
        Field(
          "route_prefix", .text(.any), .text("/"),
          "The path below which the application answers at Ray Serve's port.", .live),
      ]),
    Field.section(
      "engine_options", "Settings of the engine that vLLM has no name for.",
      [
        Field(
          "accelerator_memory", .size,
          "The memory of the device a rank believes to have; left out, the engine's"
            + " own default.", .groupRestart, vllm: "real devices have their own"),
        Field(
          "mode", .choice(VLLMBalancing.allCases.map(\.rawValue)), .text("external"),
          "Who balances over the engines of a group: `external` is dpdeploy's ingress, over one `vllm serve` for each;"
            + " `internal` is vLLM, in one `vllm serve` for the group; `hybrid` is vLLM on each node.",
          .groupRestart,
          bundled: .noEffect("it is for `engine: vllm`")),
        Field(
          "executable", .text(.any),
          "The `vllm` to start: a path, taken from the manifest's folder, or a name to be found in PATH; left out, `vllm`.",
          .none,
          bundled: .noEffect("it is for `engine: vllm`")),
        Field(
          "extra_args", .texts,
          "Further arguments of `vllm serve`, as on its command line; its flags are checked.", .none,
          bundled: .noEffect("it is for `engine: vllm`")),
        Field(
          "version", .text(.any),
          "vLLM's version, whose flags count; left out, that of the installation beside `executable`.", .none,
          bundled: .noEffect("it is for `engine: vllm`")),
      ]),
    Field.section(
      "rollout", "How changes and stops are carried out.",
      [
        Field(
          "strategy", .choice(RolloutStrategy.allCases.map(\.rawValue)), .text("surge"),
          "How changed groups replace the old ones: `surge` starts a further group first where there is room for it,"
            + " `rolling` replaces one after the other, `recreate` all at once.", .live),
        Field(
          "max_unavailable", .integer(1...64), .integer(1),
          "Groups that a rollout may have down at once; `recreate` has all of them.", .live),
        Field(
          "drain_timeout_s", .number(0...86_400),
          "How long running requests may take to finish before a stop;"
            + " left out, `graceful_shutdown_timeout_s`.", .none),
        Field(
          "healthy_deadline_s", .number(0...86_400, excludesLower: true), .number(600),
          "How long a deployment may take to become HEALTHY.", .none),
        Field(
          "min_ready_s", .number(0...86_400), .number(0),
          "How long a revision must have served to count as HEALTHY; a rank that dies before makes it one that failed.",
          .none),
        Field(
          "auto_rollback", .boolean, .boolean(true),
          "Whether a change that fails is taken back, once, to the last healthy revision.", .none),
      ]),
    Field(
      "failure_policy", .choice(["recover", "restart_gang"]), .text("recover"),
      "What becomes of a group when a rank dies: the others go on and it is replaced, or all restart as in Ray.",
      .groupRestart),
    Field(
      "prefill_config",
      .refused(
        .notYet, "prefill and decode groups come later; use `llm_config` for one group that does both"),
      "Reserved for prefill groups."),
    Field(
      "decode_config",
      .refused(
        .notYet, "prefill and decode groups come later; use `llm_config` for one group that does both"),
      "Reserved for decode groups."),
  ]
}

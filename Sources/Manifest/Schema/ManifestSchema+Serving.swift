extension ManifestSchema {
  /// `llm_config`: the argument of Ray Serve's builder, key for key.
  static let llmConfig = Field.section(
    "llm_config", "The model and its ranks; the same keys as Ray Serve's `LLMConfig`.",
    vllm: "translated for `vllm serve`", ray: "passed on",
    [
      modelLoading,
      Field(
        "accelerator_type", .text(.any), "The accelerator the ranks are meant for; shown as a label.", .none),
      Field(
        "llm_engine", .text(.any), "Ray Serve's engine name.", .none,
        bundled: .noEffect("`engine:` at the top says which engine runs"),
        neutral: [.text("vLLM"), .text("VLLM")]),
      deploymentConfig, engineArguments, experimentalConfigs, runtimeEnvironment, loraConfig,
      Field(
        "log_engine_metrics", .boolean, .boolean(true), "Whether Ray exports the engine's metrics.", .none,
        bundled: .noEffect("every rank always serves /metrics")),
      Field(
        "accelerator_config", .anything, "Ray's accelerator kind.", .none,
        bundled: .noEffect("the bundled engine runs on CPUs")),
      Field(
        "placement_group_config", .anything, "Ray's placement group.", .none,
        bundled: .noEffect("`experimental_configs.dp_size_per_node` and `cluster` place the ranks")),
      Field(
        "server_cls", .anything, "Ray's server class.", .none, bundled: .noEffect("there is no Python here")),
      Field(
        "callback_config", .anything, "Ray's callbacks.", .none, bundled: .noEffect("there is no Python here")
      ),
    ])

  static let modelLoading = Field.section(
    "model_loading_config", "Which model, and under which name.",
    [
      Field(
        "model_id", .text(.modelID), "The name clients ask for.", .recreate, vllm: "`--served-model-name`",
        isRequired: true),
      Field(
        "model_source", .text(.any),
        "A bundled model's name, or a folder in Hugging Face layout; relative paths start at the manifest's folder."
          + " Left out, it is `model_id`.",
        .recreate, vllm: "`--model`"),
      Field(
        "tokenizer_source", .text(.any), "A tokenizer that is not the model's own.", .none,
        bundled: .notYet("the model's own tokenizer is used")),
    ])

  static let deploymentConfig = Field.section(
    "deployment_config", "How the groups of ranks are run; Ray Serve's deployment options.",
    [
      Field(
        "num_replicas", .integer(Scale.groupRange), .integer(1),
        "Groups: each is a complete copy with `data_parallel_size` ranks.", .live),
      Field(
        "max_ongoing_requests", .integer(1...(.max)),
        "Requests a rank has at once; never more than `max_num_seqs`. The others wait in the ingress.",
        .recreate),
      Field(
        "max_queued_requests", .integer(-1...(.max)), "Requests that may wait for a replica.", .none,
        bundled: .noEffect("the queue is the ingress's: use `ingress.max_queued_requests`")),
      Field.section(
        "autoscaling_config", "How the number of groups follows the load.", autoscaling(inIngress: false)),
      Field(
        "health_check_period_s", .number(0...(.infinity), excludesLower: true), .number(10),
        "How often a replica is asked whether it is well; here the greater of this and `health_check_timeout_s` counts.",
        .none),
      Field(
        "health_check_timeout_s", .number(0...(.infinity), excludesLower: true), .number(10),
        "A replica without a sign of life for so long makes its deployment UNHEALTHY. After three times as long, or as long"
          + " without a step while there is work, it is ended and its `failure_policy` follows.", .none),
      Field(
        "graceful_shutdown_wait_loop_s", .number(0...(.infinity)), .number(2),
        "How often Ray looks whether a stopping replica is idle.", .none,
        bundled: .noEffect("a draining rank ends with its last request")),
      Field(
        "graceful_shutdown_timeout_s", .number(0...86_400), .number(20),
        "How long a stopping rank may finish its requests, unless `rollout.drain_timeout_s` is given.", .none),
      Field(
        "ray_actor_options", .anything, "Ray's resources of a replica.", .none,
        bundled: .noEffect("there are no Ray actors here")),
      Field(
        "user_config", .anything, "Ray's user configuration.", .none,
        bundled: .noEffect("nothing reads it here")),
      Field(
        "logging_config", .anything, "Ray's logging.", .none,
        bundled: .noEffect("`dpdeploy logs` shows the logs")),
      Field(
        "request_router_config", .anything, "Ray's request router.", .none,
        bundled: .noEffect("use `ingress.policy`")),
      Field(
        "max_constructor_retry_count", .integer(0...1000), "How often Ray tries to start a replica.", .none,
        bundled: .notYet("a group is started with a budget of its own")),
    ])

  static let experimentalConfigs = Field.section(
    "experimental_configs", "Ray Serve LLM's experimental settings.",
    [
      Field(
        "dp_size_per_node", .integer(1...1024),
        "Ranks of a group on one node, as a contiguous block; must divide `data_parallel_size`.",
        .groupRestart,
        vllm: "blocks of ranks, each with its part of the devices",
        ray: "checked after placement; current Ray itself ignores it"),
      Field(
        "stream_batching_interval_ms", .number(0...(.infinity)),
        "How long Ray gathers tokens before it sends them.",
        .none, bundled: .noEffect("every token is sent at once"), neutral: [.number(0)]),
      Field(
        "num_ingress_replicas", .integer(0...10_000), "Ray's older way to set the ingress replicas.", .none,
        bundled: .noEffect("use `ingress_deployment_config.autoscaling_config.min_replicas`")),
    ])

  static let runtimeEnvironment = Field.section(
    "runtime_env", "The environment of the ranks.",
    [
      Field(
        "env_vars", .variables,
        "Variables of every rank. Values whose name holds KEY, TOKEN, SECRET or PASSWORD, or that are written"
          + " `{value: ..., secret: true}`, are never shown.",
        .groupRestart),
      Field(
        "working_dir", .anything, "Files Ray copies to its workers.", .none,
        bundled: .noEffect("no files are copied")),
      Field("pip", .anything, "Packages Ray installs.", .none, bundled: .noEffect("there is no Python here")),
      Field(
        "py_modules", .anything, "Modules Ray copies.", .none, bundled: .noEffect("there is no Python here")),
    ])

  static let loraConfig = Field.section(
    "lora_config", "LoRA adapters.",
    [
      Field(
        "dynamic_lora_loading_path", .text(.any),
        "A folder with one for each adapter, read when a client asks for it as `model_id:adapter`; relative paths start"
          + " at the manifest's folder.", .recreate),
      Field(
        "max_num_adapters_per_replica", .integer(1...1024), .integer(16),
        "Adapters that a rank holds at once, unless `max_loras` is given.", .groupRestart),
      Field(
        "download_timeout_s", .number(0...(.infinity)), .number(30), "How long fetching an adapter may take.",
        .none,
        bundled: .noEffect("nothing is downloaded")),
      Field(
        "max_download_tries", .integer(1...100), .integer(3), "How often fetching is tried.", .none,
        bundled: .noEffect("nothing is downloaded")),
    ])
}

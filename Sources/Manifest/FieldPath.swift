/// The paths of the fields that code reads by name; use them to ask ``Settings/span(of:)`` where a value stands.
public enum FieldPath {
  static let name = "name"
  static let backend = "backend"
  /// What runs in a rank.
  public static let engine = "engine"
  /// The name that clients ask for.
  public static let modelID = "llm_config.model_loading_config.model_id"
  /// Which model is loaded.
  public static let modelSource = "llm_config.model_loading_config.model_source"
  static let acceleratorType = "llm_config.accelerator_type"
  /// How many groups run.
  public static let groups = "llm_config.deployment_config.num_replicas"
  /// Ray's name for how long a stop may take.
  public static let gracefulShutdown = "llm_config.deployment_config.graceful_shutdown_timeout_s"
  static let groupScaling = "llm_config.deployment_config.autoscaling_config"
  static let groupMinimum = "llm_config.deployment_config.autoscaling_config.min_replicas"
  static let groupMaximum = "llm_config.deployment_config.autoscaling_config.max_replicas"
  static let groupInitial = "llm_config.deployment_config.autoscaling_config.initial_replicas"
  static let groupTarget = "llm_config.deployment_config.autoscaling_config.target_ongoing_requests"
  /// Ranks of a group.
  public static let dataParallelSize = "llm_config.engine_kwargs.data_parallel_size"
  /// Ranks of a group on one node.
  public static let sizePerNode = "llm_config.experimental_configs.dp_size_per_node"
  static let expertParallel = "llm_config.engine_kwargs.enable_expert_parallel"
  /// Sequences a rank runs at once.
  public static let maxNumSeqs = "llm_config.engine_kwargs.max_num_seqs"
  static let maxNumBatchedTokens = "llm_config.engine_kwargs.max_num_batched_tokens"
  /// The context limit.
  public static let maxModelLen = "llm_config.engine_kwargs.max_model_len"
  /// The share of the device's memory a rank may fill.
  public static let memoryUtilization = "llm_config.engine_kwargs.gpu_memory_utilization"
  static let dtype = "llm_config.engine_kwargs.dtype"
  static let quantization = "llm_config.engine_kwargs.quantization"
  /// Bytes of the KV cache.
  public static let cacheMemory = "llm_config.engine_kwargs.kv_cache_memory_bytes"
  static let prefillInterval = "llm_config.engine_kwargs.prefill_schedule_interval"
  static let queuedRequests = "llm_config.engine_kwargs.max_num_queued_reqs"
  static let blockSize = "llm_config.engine_kwargs.block_size"
  static let prefixCaching = "llm_config.engine_kwargs.enable_prefix_caching"
  static let chunkedPrefill = "llm_config.engine_kwargs.enable_chunked_prefill"
  static let schedulingPolicy = "llm_config.engine_kwargs.scheduling_policy"
  static let expertPlacement = "llm_config.engine_kwargs.expert_placement_strategy"
  static let eplb = "llm_config.engine_kwargs.enable_eplb"
  static let eplbWindow = "llm_config.engine_kwargs.eplb_config.window_size"
  static let eplbInterval = "llm_config.engine_kwargs.eplb_config.step_interval"
  static let redundantExperts = "llm_config.engine_kwargs.eplb_config.num_redundant_experts"
  static let logBalancedness = "llm_config.engine_kwargs.eplb_config.log_balancedness"
  static let dbo = "llm_config.engine_kwargs.enable_dbo"
  static let dboDecode = "llm_config.engine_kwargs.dbo_decode_token_threshold"
  static let dboPrefill = "llm_config.engine_kwargs.dbo_prefill_token_threshold"
  static let backendOfExperts = "llm_config.engine_kwargs.all2all_backend"
  static let attentionBackend = "llm_config.engine_kwargs.attention_backend"
  static let links = "cluster.links"
  static let enableLoRA = "llm_config.engine_kwargs.enable_lora"
  static let maxLoRAs = "llm_config.engine_kwargs.max_loras"
  static let maxLoRARank = "llm_config.engine_kwargs.max_lora_rank"
  /// Where adapters lie.
  public static let adapterFolder = "llm_config.lora_config.dynamic_lora_loading_path"
  static let adaptersHeld = "llm_config.lora_config.max_num_adapters_per_replica"
  static let seed = "llm_config.engine_kwargs.seed"
  /// The environment of the ranks.
  public static let variables = "llm_config.runtime_env.env_vars"
  /// The memory of the modelled device.
  public static let acceleratorMemory = "engine_options.accelerator_memory"
  /// The `vllm` to start.
  public static let executable = "engine_options.executable"
  /// Further arguments of `vllm serve`.
  public static let extraArguments = "engine_options.extra_args"
  /// Who balances over the engines of a group of vLLM.
  public static let balancing = "engine_options.mode"
  /// vLLM's release.
  public static let engineVersion = "engine_options.version"
  static let tokenizerSource = "llm_config.model_loading_config.tokenizer_source"
  static let healthCheckTimeout = "llm_config.deployment_config.health_check_timeout_s"
  static let healthCheckPeriod = "llm_config.deployment_config.health_check_period_s"
  /// The arguments of a rank, under vLLM's names.
  public static let engineArguments = "llm_config.engine_kwargs"
  /// Requests that a rank has at once.
  public static let maxOngoing = "llm_config.deployment_config.max_ongoing_requests"
  static let ingressMaxOngoing = "ingress_deployment_config.max_ongoing_requests"
  /// Ingress replicas, as one number.
  public static let ingressReplicas = "ingress_deployment_config.num_replicas"
  /// How ingress replicas follow the load.
  public static let ingressScaling = "ingress_deployment_config.autoscaling_config"
  /// The least number of ingress replicas.
  public static let ingressMinimum = "ingress_deployment_config.autoscaling_config.min_replicas"
  /// The greatest number of ingress replicas.
  public static let ingressMaximum = "ingress_deployment_config.autoscaling_config.max_replicas"
  static let ingressInitial = "ingress_deployment_config.autoscaling_config.initial_replicas"
  /// Where the ingress listens.
  public static let host = "ingress.host"
  /// What stands before the ingress.
  public static let front = "ingress.front"
  static let haproxy = "ingress.haproxy"
  /// The certificate that the front shows.
  public static let certificate = "ingress.haproxy.certificate"
  /// The certificate's private key.
  public static let certificateKey = "ingress.haproxy.key"
  static let http2 = "ingress.haproxy.http2"
  static let rateLimit = "ingress.haproxy.rate_limit_rps"
  static let rateLimitKey = "ingress.haproxy.rate_limit_by"
  static let frontCheckInterval = "ingress.haproxy.health_check_interval_s"
  static let frontThreads = "ingress.haproxy.threads"
  static let maxConnections = "ingress.haproxy.max_connections"
  /// The front's program.
  public static let frontExecutable = "ingress.haproxy.executable"
  /// The port the ingress listens on.
  public static let port = "ingress.port"
  /// How a rank is chosen.
  public static let policy = "ingress.policy"
  static let maxQueuedRequests = "ingress.max_queued_requests"
  /// How long a request may wait.
  public static let maxQueueWait = "ingress.max_queue_wait_s"
  static let maxOutageWait = "ingress.max_outage_wait_s"
  /// How long a request may take.
  public static let requestTimeout = "ingress.request_timeout_s"
  static let accessLog = "ingress.access_log"
  static let accessLogSample = "ingress.access_log_sample"
  static let tracesCollector = "ingress.otlp_endpoint"
  static let maxBodySize = "ingress.max_body_size"
  static let corsOrigins = "ingress.cors_allow_origins"
  static let migrationLimit = "ingress.migration_limit"
  /// The file of API keys.
  public static let apiKeysFile = "ingress.api_keys_file"
  /// How many nodes there are.
  public static let nodes = "cluster.nodes"
  /// Devices of each node.
  public static let devices = "cluster.devices"
  /// Devices that a layer of a rank is split over.
  public static let tensorParallelSize = "llm_config.engine_kwargs.tensor_parallel_size"
  /// Stages that a rank's layers are spread over.
  static let pipelineParallelSize = "llm_config.engine_kwargs.pipeline_parallel_size"
  /// Where the Ray cluster is.
  public static let clusterAddress = "cluster.address"
  /// The file with the Ray cluster's token.
  public static let tokenFile = "cluster.token_file"
  static let routePrefix = "cluster.route_prefix"
  /// How long a stop may take.
  public static let drainTimeout = "rollout.drain_timeout_s"
  /// How long a start may take.
  public static let healthyDeadline = "rollout.healthy_deadline_s"
  /// How long a revision must have served to count as HEALTHY.
  public static let minReady = "rollout.min_ready_s"
  static let autoRollback = "rollout.auto_rollback"
  static let strategy = "rollout.strategy"
  static let maxUnavailable = "rollout.max_unavailable"
  static let failurePolicy = "failure_policy"
  static let ttft = "slo.ttft_ms"
  static let tpot = "slo.tpot_ms"
  static let goodput = "slo.goodput"
}

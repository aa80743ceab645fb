import ExpertParallel
import Platform
import Telemetry

/// Writes `/metrics`: vLLM's names, labels and buckets, then what vLLM lacks under `dpdeploy:`.
@Loop
final class MetricsPage {
  private let service: EngineService
  private let metrics: RequestMetrics
  private let cacheConfiguration: MetricLabels
  private let labels: MetricLabels
  private let load: ExpertLoad
  private let memory: [(name: String, bytes: Int)]
  private let modelLabels: MetricLabels
  private let balance: ExpertBalance

  /// - Parameters:
  ///   - load: what this rank's experts computed.
  ///   - balance: how even the group's load is.
  ///   - cacheConfiguration: the labels of `vllm:cache_config_info` beside engine.
  ///   - memory: the parts of this rank's memory.
  init(
    _ service: EngineService, load: ExpertLoad, balance: ExpertBalance,
    cacheConfiguration: [(String, String)], memory: [(name: String, bytes: Int)]
  ) {
    let options = service.options
    self.service = service
    metrics = service.metrics
    self.load = load
    self.balance = balance
    self.memory = memory
    modelLabels = MetricLabels(["model_name": options.modelName])
    let engine = String(options.dataParallelRank)
    labels = MetricLabels(["engine": engine, "model_name": options.modelName])
    self.cacheConfiguration = cacheConfiguration.reduce(MetricLabels(["engine": engine])) {
      $0.adding($1.0, $1.1)
    }
  }

  /// The page's text.
  func text() -> [UInt8] {
    var page = PrometheusWriter()
    gauges(&page)
    states(&page)
    adapters(&page)
    counters(&page)
    outcomes(&page)
    histograms(&page)
    ours(&page)
    paths(&page)
    overlaps(&page)
    times(&page)
    steps(&page)
    memory(&page)
    experts(&page)
    evenness(&page)
    return page.bytes
  }

  private func gauges(_ page: inout PrometheusWriter) {
    let stats = metrics.stats
    gauge(
      &page, "vllm:num_requests_running", "Number of requests in model execution batches.",
      stats.value(.running))
    gauge(
      &page, "vllm:num_requests_waiting", "Number of requests waiting to be processed.", stats.value(.waiting)
    )
    let total = stats.value(.kvBlocksTotal)
    gauge(
      &page, "vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.",
      total > 0 ? stats.value(.kvBlocksUsed) / total : 0)
    page.family("vllm:cache_config_info", .gauge, help: "Information of the LLMEngine CacheConfig")
    page.sample("vllm:cache_config_info", cacheConfiguration, 1.0)
  }

  /// What vLLM splits by state: nothing is ever deferred here, and the engine never sleeps.
  private func states(_ page: inout PrometheusWriter) {
    page.family(
      "vllm:num_requests_waiting_by_reason", .gauge, help: "Number of waiting requests by reason.")
    for (reason, count) in [("capacity", metrics.stats.value(.waiting)), ("deferred", 0)] {
      page.sample("vllm:num_requests_waiting_by_reason", labels.adding("reason", reason), count)
    }
    page.family("vllm:engine_sleep_state", .gauge, help: "Engine sleep state; awake = 1 means awake.")
    for (state, value) in [("awake", 1.0), ("weights_offloaded", 0), ("discard_all", 0)] {
      page.sample("vllm:engine_sleep_state", labels.adding("sleep_state", state), value)
    }
  }

  /// Which adapters requests use; as in vLLM the names are labels, and the value is the time.
  private func adapters(_ page: inout PrometheusWriter) {
    guard let limit = service.adapters?.limit else { return }
    let (running, waiting) = service.adaptersInUse
    let name = "vllm:lora_requests_info"
    page.family(name, .gauge, help: "Running stats on lora requests.")
    page.sample(
      name,
      MetricLabels([
        "max_lora": "\(limit)", "running_lora_adapters": running.joined(separator: ","),
        "waiting_lora_adapters": waiting.joined(separator: ","),
      ]), WallClock.secondsSinceEpoch)
  }

  private func counters(_ page: inout PrometheusWriter) {
    let counters: [(String, String, RankStats.Counter)] = [
      ("vllm:num_preemptions_total", "Cumulative number of preemption from the engine.", .preemptions),
      ("vllm:prompt_tokens_total", "Number of prefill tokens processed.", .promptTokens),
      ("vllm:generation_tokens_total", "Number of generation tokens processed.", .generationTokens),
      (
        "vllm:prefix_cache_queries_total", "Prefix cache queries, in terms of number of queried tokens.",
        .prefixQueries
      ),
      (
        "vllm:prefix_cache_hits_total", "Prefix cache hits, in terms of number of cached tokens.", .prefixHits
      ),
    ]
    for (name, help, slot) in counters { counter(&page, name, help, slot) }
  }

  /// Counters by label that vLLM keeps beside the plain ones.
  private func outcomes(_ page: inout PrometheusWriter) {
    let cached = metrics.cachedPromptTokens
    page.family(
      "vllm:prompt_tokens_by_source_total", .counter, help: "Number of prompt tokens by source.")
    let computed = metrics.stats.value(.promptTokens) - Int64(cached)
    for (source, count) in [("local_compute", computed), ("local_cache_hit", Int64(cached))] {
      page.sample("vllm:prompt_tokens_by_source_total", labels.adding("source", source), count)
    }
    page.family("vllm:prompt_tokens_cached_total", .counter, help: "Number of cached prompt tokens.")
    page.sample("vllm:prompt_tokens_cached_total", labels, Int64(cached))
    page.family(
      "vllm:admission_rejections_total", .counter,
      help: "Number of admission attempts rejected by a queue limit, by reason.")
    page.sample(
      "vllm:admission_rejections_total", modelLabels.adding("reason", "max_num_queued_reqs"),
      Int64(metrics.queueRefusals))
    page.family("vllm:request_success_total", .counter, help: "Count of successfully processed requests.")
    for outcome in RequestMetrics.Outcome.allCases {
      page.sample(
        "vllm:request_success_total", labels.adding("finished_reason", outcome.rawValue),
        metrics.count(outcome))
    }
  }

  private func histograms(_ page: inout PrometheusWriter) {
    let histograms: [(String, String, Histogram)] = [
      ("time_to_first_token_seconds", "time to first token in seconds", metrics.timeToFirstToken),
      ("inter_token_latency_seconds", "inter-token latency in seconds", metrics.interTokenLatency),
      (
        "request_time_per_output_token_seconds", "time_per_output_token_seconds per request",
        metrics.timePerOutputToken
      ),
      ("e2e_request_latency_seconds", "e2e request latency in seconds", metrics.endToEnd),
      ("request_queue_time_seconds", "time spent in WAITING phase for request", metrics.queue),
      ("request_inference_time_seconds", "time spent in RUNNING phase for request", metrics.inference),
      ("request_prefill_time_seconds", "time spent in PREFILL phase for request", metrics.prefill),
      ("request_decode_time_seconds", "time spent in DECODE phase for request", metrics.decode),
      ("iteration_tokens_total", "number of tokens per engine_step", metrics.iterationTokens),
      ("request_prompt_tokens", "number of prefill tokens processed", metrics.promptLengths),
      ("request_generation_tokens", "number of generation tokens processed", metrics.outputLengths),
      (
        "request_max_num_generation_tokens", "maximum number of requested generation tokens",
        metrics.longestOutputs
      ),
      ("request_num_preemptions", "the number of times a request was preempted", metrics.preemptions),
      (
        "request_prefill_kv_computed_tokens",
        "new KV tokens computed during prefill (excluding cached tokens)", metrics.computedPrompts
      ),
      ("request_params_max_tokens", "the max_tokens request parameter", metrics.tokenLimits),
      ("request_params_n", "the n request parameter", metrics.choiceCounts),
    ]
    for (name, help, histogram) in histograms {
      page.family("vllm:" + name, .histogram, help: "Histogram of \(help).")
      page.samples("vllm:" + name, labels, histogram)
    }
  }

  /// What an operator of expert parallelism needs and vLLM does not tell.
  private func ours(_ page: inout PrometheusWriter) {
    let counts: [(String, String, RankStats.Counter)] = [
      ("steps", "Steps of the lock-step loop.", .steps),
      ("dummy_steps", "Steps without a sequence of this rank.", .dummySteps),
      ("waves", "Busy periods between two idle pauses.", .waves),
      ("dispatched_bytes", "Bytes handed to expert owners.", .dispatchedBytes),
      ("combined_bytes", "Bytes taken back from expert owners.", .combinedBytes),
      ("expert_rows_dispatched", "Rows (token, expert) handed to owners.", .expertRowsDispatched),
      ("expert_rows_computed", "Rows (token, expert) computed as an owner.", .expertRowsComputed),
    ]
    for (name, help, slot) in counts { counter(&page, "dpdeploy:\(name)_total", help, slot) }
    gauge(&page, "dpdeploy:group_ranks", "Ranks in the group.", Double(metrics.groupRanks))
    let events: [(String, String, Int64)] = [
      ("views", "Changes of the group's membership that this rank went through.", Int64(metrics.views)),
      ("resumed_requests", "Requests that another rank began.", Int64(metrics.resumedRequests)),
      (
        "resumed_tokens", "Tokens that other ranks had generated of those, computed anew.",
        Int64(metrics.resumedTokens)
      ),
      (
        "kv_blocks_evicted", "Blocks of the prefix cache that were overwritten.",
        Int64(clamping: metrics.steps.evictions)
      ),
    ]
    for (name, help, value) in events {
      page.family("dpdeploy:\(name)_total", .counter, help: help)
      page.sample("dpdeploy:\(name)_total", labels, value)
    }
    gauge(
      &page, "dpdeploy:epoch", "The life of the group that this rank belongs to.", metrics.stats.value(.epoch)
    )
  }

  /// What crosses between virtual nodes and what stays within one.
  private func paths(_ page: inout PrometheusWriter) {
    let name = "dpdeploy:exchanged_bytes_total"
    page.family(name, .counter, help: "Bytes to and from expert owners, by path.")
    let directions: [(String, RankStats.Counter, RankStats.Counter)] = [
      ("dispatch", .dispatchedBytes, .dispatchedBytesBetweenNodes),
      ("combine", .combinedBytes, .combinedBytesBetweenNodes),
    ]
    for (direction, all, between) in directions {
      let far = metrics.stats.value(between)
      let labels = labels.adding("direction", direction)
      page.sample(name, labels.adding("path", "inter_node"), far)
      page.sample(name, labels.adding("path", "intra_node"), metrics.stats.value(all) - far)
    }
  }

  /// How often two half-batches overlapped, and why not.
  private func overlaps(_ page: inout PrometheusWriter) {
    let name = "dpdeploy:dbo_steps_total"
    page.family(name, .counter, help: "Steps by what became of dual batch overlap; none without enable_dbo.")
    let outcomes: [(String, RankStats.Counter)] = [
      ("used", .overlappedSteps), ("below_threshold", .stepsBelowOverlap), ("vetoed_by_peer", .stepsVetoed),
    ]
    for (outcome, slot) in outcomes {
      page.sample(name, labels.adding("outcome", outcome), metrics.stats.value(slot))
    }
  }

  /// Where the compute loop's time goes.
  private func times(_ page: inout PrometheusWriter) {
    let times: [(String, String, RankStats.Counter)] = [
      ("busy", "Time in steps with a sequence of this rank.", .busyNanoseconds),
      ("dummy", "Time in steps without one.", .dummyNanoseconds),
      ("idle", "Time paused.", .idleNanoseconds),
      ("attention", "Time in the model outside the routed experts.", .attentionNanoseconds),
      ("experts", "Time in the routed experts, waits included.", .expertsNanoseconds),
      ("communication_wait", "Time waiting for other ranks.", .communicationWaitNanoseconds),
      ("link_wait", "Time waiting while rows were on a modelled link.", .linkNanoseconds),
      ("sample", "Time drawing tokens.", .sampleNanoseconds),
      ("thread_cpu", "CPU time of the compute thread.", .threadCPUNanoseconds),
    ]
    for (name, help, slot) in times {
      page.family("dpdeploy:\(name)_seconds_total", .counter, help: help)
      page.sample("dpdeploy:\(name)_seconds_total", labels, Double(metrics.stats.value(slot)) / 1e9)
    }
  }

  /// The steps in which this rank had tokens.
  private func steps(_ page: inout PrometheusWriter) {
    let name = "dpdeploy:step_phase_seconds"
    page.family(name, .histogram, help: "Time of a step with a sequence of this rank, by phase.")
    for phase in metrics.steps.phases {
      page.samples(name, labels.adding("phase", phase.name), phase.histogram)
    }
    page.family(
      "dpdeploy:step_chunks", .histogram, help: "Pieces that a step's exchange with the experts took.")
    page.samples("dpdeploy:step_chunks", labels, metrics.steps.chunks)
  }

  /// How the accelerator's memory is divided.
  private func memory(_ page: inout PrometheusWriter) {
    page.family("dpdeploy:memory_bytes", .gauge, help: "How this rank's accelerator memory is divided.")
    for part in memory {
      page.sample("dpdeploy:memory_bytes", labels.adding("part", part.name), Int64(part.bytes))
    }
  }

  /// Each own expert's load: who owns what, and how evenly the router spreads the tokens.
  private func experts(_ page: inout PrometheusWriter) {
    page.family(
      "dpdeploy:expert_load_total", .counter, help: "Rows computed by each expert that this rank owns.")
    for layer in 0..<load.layers {
      let inLayer = labels.adding("layer", String(layer))
      for expert in load.experts {
        page.sample(
          "dpdeploy:expert_load_total", inLayer.adding("expert", String(expert)),
          Int64(clamping: load.rows(layer: layer, expert: expert)))
      }
    }
  }

  /// How even the group's load is, the same on every rank, and how often experts have moved for it.
  private func evenness(_ page: inout PrometheusWriter) {
    let name = "dpdeploy:expert_balancedness"
    page.family(name, .gauge, help: "Mean over max of the rows that fell on each rank lately.")
    for layer in 0..<balance.layers {
      guard let share = balance.balancedness(layer: layer) else { continue }
      page.sample(name, labels.adding("layer", String(layer)), share)
    }
    for (name, help, count) in [
      (
        "dpdeploy:expert_rebalances_total", "Times that experts were placed by their load.",
        balance.rebalancings
      ),
      (
        "dpdeploy:expert_moves_total", "Experts that ranks were given by that, over all ranks.", balance.moves
      ),
    ] {
      page.family(name, .counter, help: help)
      page.sample(name, labels, Int64(clamping: count))
    }
  }

  private func gauge(_ page: inout PrometheusWriter, _ name: String, _ help: String, _ value: Double) {
    page.family(name, .gauge, help: help)
    page.sample(name, labels, value)
  }

  private func counter(
    _ page: inout PrometheusWriter, _ name: String, _ help: String, _ slot: RankStats.Counter
  ) {
    page.family(name, .counter, help: help)
    page.sample(name, labels, metrics.stats.value(slot))
  }
}

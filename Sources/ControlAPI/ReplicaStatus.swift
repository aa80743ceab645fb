/// One process of a deployment: a rank or an ingress replica.
///
/// Control fields are camelCase, metric fields snake_case with their unit. `null` is unknown; a key that does not apply
/// to the role is absent.
public struct ReplicaStatus: Codable, Sendable, Hashable {
  /// `dp0`, or `g1-dp0` where there are several groups; `ingress-0`.
  public var id: String
  /// Rank or ingress.
  public var role: ReplicaRole
  /// The data-parallel group; of ranks only.
  public var group: Int?
  /// The rank in its group; of ranks only.
  public var rank: Int?
  /// Which life of its group this is, counted from 1; of ranks only.
  public var epoch: Int?
  /// The (virtual) node; of ranks only.
  public var node: String?
  /// Its state, in Ray Serve's words.
  public var state: ReplicaState
  /// How far its start has come.
  public var phase: Known<ReplicaPhase>
  /// Progress of the phase, from 0 to 1; absent once it is ready.
  public var phaseProgress: Double?
  /// The process id; unknown when there is no process now.
  public var pid: Known<Int32>
  /// How often it was started again.
  public var restarts: Int
  /// Whether its readings are too old to be counted.
  public var stale: Bool
  /// The age of its readings; unknown before the first.
  public var observedAgeSeconds: Known<Double>
  /// Utilisation of its device, from 0 to 1, from the source beside; of ranks only.
  public var gpuUtilizationRatio: Known<Double>?
  /// Where the utilisation comes from: `engine` (busy share of the compute loop), `nvml` or `dcgm` (share of the time in
  /// which its devices ran some kernel); of ranks only.
  public var utilizationSource: Known<String>?
  /// The accelerators that it computes on, by their index on its machine; of ranks that were given some only.
  public var devices: [Int]?
  /// Processor time over wall time in the last seconds, 1 = one core.
  public var cpuRatio: Known<Double>
  /// Resident memory.
  public var rssBytes: Known<Int>
  /// Requests in its batch (ranks), or being relayed (ingress).
  public var running: Known<Int>
  /// Requests waiting in its queue.
  public var waiting: Known<Int>
  /// Share of KV blocks in use, from 0 to 1; of ranks only.
  public var kvUsageRatio: Known<Double>?
  /// Requests finished, per second over the window.
  public var requestsPerSecond: Known<Double>
  /// Output tokens, per second over the window.
  public var generationTokensPerSecond: Known<Double>
  /// Median time to first token over the window; unknown when there was none.
  public var ttftP50Seconds: Known<Double>
  /// How many requests that median is of; absent from a controller that does not say.
  public var ttftCount: Known<Int>?
  /// Median time per output token of the requests of the window; unknown when there was none.
  public var tpotP50Seconds: Known<Double>
  /// Whether both are interpolated within the buckets of a foreign histogram; absent when they are not.
  public var isLatencyEstimate: Bool?
  /// Share of the time in steps that ran no request, only kept the group in step, from 0 to 1; of ranks only.
  public var dummyRatio: Known<Double>?
  /// Share of the time spent waiting for other ranks, from 0 to 1; of ranks only.
  public var communicationRatio: Known<Double>?
  /// Share of the time in which rows were on a modelled link, from 0 to 1; of ranks only.
  public var linkRatio: Known<Double>?
  /// Steps of the group's loop, per second; of ranks only.
  public var stepsPerSecond: Known<Double>?
  /// Pieces in which a MoE layer's tokens were exchanged, a step; of ranks only.
  public var chunksPerStep: Known<Double>?
  /// Share of the steps with tokens that ran as two half-batches, from 0 to 1; of ranks only.
  public var overlapRatio: Known<Double>?
  /// Processor time of the compute thread over its time in steps, from 0 to 1; of ranks only.
  public var computeCPURatio: Known<Double>?
  /// Rows that its experts computed, per second; of ranks only.
  public var expertRowsPerSecond: Known<Double>?
  /// Requests thrown back to waiting for want of KV blocks, per second; of ranks only.
  public var preemptionsPerSecond: Known<Double>?
  /// Share of the prompt tokens that were found in the prefix cache, from 0 to 1; of ranks only.
  public var prefixHitRatio: Known<Double>?

  enum CodingKeys: String, CodingKey {
    case id, role, group, rank, epoch, node, state, phase, phaseProgress, pid, restarts, stale,
      observedAgeSeconds
    case gpuUtilizationRatio = "gpu_utilization_ratio"
    case utilizationSource = "utilization_source"
    case devices
    case cpuRatio = "cpu_ratio"
    case rssBytes = "rss_bytes"
    case running, waiting
    case kvUsageRatio = "kv_usage_ratio"
    case requestsPerSecond = "requests_per_second"
    case generationTokensPerSecond = "generation_tokens_per_second"
    case ttftP50Seconds = "ttft_p50_seconds"
    case ttftCount = "ttft_count"
    case tpotP50Seconds = "tpot_p50_seconds"
    case isLatencyEstimate = "latency_estimate"
    case dummyRatio = "dummy_ratio"
    case communicationRatio = "communication_ratio"
    case linkRatio = "link_ratio"
    case stepsPerSecond = "steps_per_second"
    case chunksPerStep = "chunks_per_step"
    case overlapRatio = "overlap_ratio"
    case computeCPURatio = "compute_cpu_ratio"
    case expertRowsPerSecond = "expert_rows_per_second"
    case preemptionsPerSecond = "preemptions_per_second"
    case prefixHitRatio = "prefix_hit_ratio"
  }

  /// A replica of which nothing has been observed yet.
  public init(
    id: String, role: ReplicaRole, state: ReplicaState, phase: Known<ReplicaPhase> = .unknown,
    restarts: Int = 0
  ) {
    self.id = id
    self.role = role
    self.state = state
    self.phase = phase
    self.restarts = restarts
    pid = .unknown
    stale = false
    observedAgeSeconds = .unknown
    cpuRatio = .unknown
    rssBytes = .unknown
    running = .unknown
    waiting = .unknown
    requestsPerSecond = .unknown
    generationTokensPerSecond = .unknown
    ttftP50Seconds = .unknown
    tpotP50Seconds = .unknown
    if role == .rank {
      gpuUtilizationRatio = .unknown
      utilizationSource = .unknown
      kvUsageRatio = .unknown
      dummyRatio = .unknown
      communicationRatio = .unknown
      linkRatio = .unknown
      stepsPerSecond = .unknown
      chunksPerStep = .unknown
      overlapRatio = .unknown
      computeCPURatio = .unknown
      expertRowsPerSecond = .unknown
      preemptionsPerSecond = .unknown
      prefixHitRatio = .unknown
    }
  }
}

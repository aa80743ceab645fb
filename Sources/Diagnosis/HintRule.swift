public import ControlAPI

/// One way of being wrong that we know: what it is called, why it happens, what helps, and how it is seen.
///
/// The table ``all`` is the only source of the hints and of the runbook.
public struct HintRule: Sendable {
  /// A short name that never changes, such as `H07`.
  public let id: String
  /// What the operator notices.
  public let symptom: Symptom
  /// How much it matters, unless a finding says otherwise.
  public let severity: Severity
  /// One line: the cause behind the symptom.
  public let title: String
  /// How the rule sees it, for the runbook.
  public let signal: String
  /// Why it happens.
  public let cause: String
  /// What to do.
  public let remedy: String
  /// The manifest field to change, if one would help.
  public let field: String?
  let timing: Timing
  /// Rules whose findings are consequences of this one, and say nothing while it holds.
  let explains: [String]
  let find: @Sendable (Observation) -> [Finding]

  init(
    _ id: String, _ symptom: Symptom, _ severity: Severity, _ title: String, signal: String, cause: String,
    remedy: String, field: String? = nil, timing: Timing = Timing(), explains: [String] = [],
    find: @escaping @Sendable (Observation) -> [Finding]
  ) {
    self.id = id
    self.symptom = symptom
    self.severity = severity
    self.title = title
    self.signal = signal
    self.cause = cause
    self.remedy = remedy
    self.field = field
    self.timing = timing
    self.explains = explains
    self.find = find
  }

  /// What the operator notices; the seed guide's three symptoms and two more.
  public enum Symptom: String, Sendable, CaseIterable {
    case notStarting = "Replicas do not start, or do not stay"
    case blind = "Nobody knows how it does"
    case lowThroughput = "Low throughput"
    case highLatency = "High latency"
    case waste = "It works, and wastes something"
  }

  /// How long a rule must hold before its hint appears, and be silent before it goes, in seconds.
  ///
  /// A hint that flickers teaches operators to look away.
  struct Timing: Sendable {
    var raiseAfter = 3.0
    var clearAfter = 5.0
  }
}

/// A rule that holds: for whom, by which numbers, and what would change it.
struct Finding: Sendable {
  var replica: String?
  var severity: Severity?
  var confidence = Confidence.high
  /// Says more than the rule's own title.
  var title: String?
  /// Says more than the rule's own remedy.
  var advice: String?
  var evidence: [Evidence]
  var fix: Fix?

  /// A change of one field of the manifest, its values as YAML.
  struct Fix: Sendable {
    var field: String
    var current: String?
    var proposed: String?
    var alongside: [FieldValue] = []

    init(
      _ field: String, from current: (some CustomStringConvertible)?,
      to proposed: (some CustomStringConvertible)?
    ) {
      self.field = field
      self.current = current.map { "\($0)" }
      self.proposed = proposed.map { "\($0)" }
    }
  }
}

/// The fields that fixes change.
enum Field {
  static let dataParallelSize = "llm_config.engine_kwargs.data_parallel_size"
  static let maxNumSeqs = "llm_config.engine_kwargs.max_num_seqs"
  static let maxNumBatchedTokens = "llm_config.engine_kwargs.max_num_batched_tokens"
  static let overlap = "llm_config.engine_kwargs.enable_dbo"
  static let balancing = "llm_config.engine_kwargs.enable_eplb"
  static let redundantExperts = "llm_config.engine_kwargs.eplb_config.num_redundant_experts"
  static let expertParallel = "llm_config.engine_kwargs.enable_expert_parallel"
  static let prefixCaching = "llm_config.engine_kwargs.enable_prefix_caching"
  static let variables = "llm_config.runtime_env.env_vars"
  static let dispatchChunk = "llm_config.runtime_env.env_vars.VLLM_MOE_DP_CHUNK_SIZE"
  static let ingressReplicas = "ingress_deployment_config.num_replicas"
  static let ingressMaximum = "ingress_deployment_config.autoscaling_config.max_replicas"
  static let ingressMinimum = "ingress_deployment_config.autoscaling_config.min_replicas"
  static let policy = "ingress.policy"
  static let maxQueued = "ingress.max_queued_requests"
  static let links = "cluster.links"
}

extension HintRule {
  /// All rules; among hints of one severity the earlier rule comes first, so causes stand before consequences.
  public static let all: [HintRule] = [
    linkDown, stoppedRank, restartLoop, deadRank, failingDevice, stuckStart, blind, slowedDevice,
    ranksAboveCores, refusals,
    preemption, cacheLimited, smallChunk, routingSkew, ingressBottleneck, batchCapped, straggler, hotExperts,
    slowNetwork, headOfLine, idleOverlap, noExperts, lowTraffic, saturated, objectiveMissed, clientsLeave,
    cachingOff, ineffectiveVariable,
  ]

  /// The rule of an id.
  public static func named(_ id: String) -> HintRule? { all.first { $0.id == id } }
}

import Platform

/// How requests are offered to a deployment.
struct LoadPlan: Sendable {
  /// When the next request is sent.
  enum Arrival: Sendable {
    /// That many users, each of whom asks again as soon as they are answered (a closed loop).
    case concurrency(Int)
    /// That many requests a second on average, at random instants, whether or not others are answered (an open loop).
    case rate(Double)
  }

  var arrival: Arrival
  /// For how long requests are begun.
  var duration: Duration
  /// Ends the run early after this many requests.
  var requestLimit: Int?
  var maxTokens: Int
  var apiKey: String?
  /// For one request.
  var timeout = Duration.seconds(120)
  /// Seeds the instants and the order of the prompts.
  var seed: UInt64

  /// What is asked, in turn; different beginnings, so that no prefix cache flatters the result.
  static let prompts = [
    "What is TTFT?", "Explain TPOT in one sentence.", "What does data_parallel_size control?",
    "Why do ranks run dummy steps?", "What is expert parallelism?",
    "What does dp_size_per_node tell the system?",
    "When should I raise max_num_seqs?", "What is a wave?", "How does MLA save memory?",
    "What is prefix caching?", "Which component queues requests?", "What is a KV block?",
    "Count from one to twelve.", "What does EPLB do?", "What is goodput?", "What happens when a rank dies?",
  ]
}

/// A small random generator with a seed (SplitMix64), so that a run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

import Model
import Platform
import Scheduling

/// One sequence to generate, as the compute thread needs to know it.
struct GenerationTask: Sendable {
  /// Its name in this engine.
  let id: RequestID
  /// Token ids of the prompt.
  let prompt: [Int32]
  /// Tokens that another rank generated before it was lost; they are computed like the prompt, and not told again.
  var resumed: [Int32] = []
  /// How tokens are drawn.
  var sampling: Model.SamplingParameters
  /// What the request changes of the logits.
  var shaping = LogitShaping()
  /// How many of the likeliest tokens to tell with each one; nil tells no log probabilities.
  var logprobs: Int?
  /// The same for the prompt's tokens.
  var promptLogprobs: Int?
  /// The most tokens to generate.
  let maxNewTokens: Int
  /// Tokens to generate before one of ``endTokens`` may come.
  var minNewTokens = 0
  /// Tokens that end the sequence: the model's own and the request's.
  var endTokens: Set<Int32> = []
  /// A lower number goes first, where the scheduler goes by priority.
  var priority = 0
  /// What its tokens go through; nil is the model itself.
  var adapter: LoRAAdapter?
  /// Keeps prefix-cache entries apart.
  var prefixScope = PrefixScope()

  /// Why the sequence ends with its `count`th token; nil when it goes on.
  func end(after count: Int, last token: Int32) -> SequenceEnd? {
    if endTokens.contains(token) { return .endToken(token) }
    return count >= maxNewTokens ? .length : nil
  }
}

/// What the loop's thread tells the compute thread.
enum EngineCommand: Sendable {
  case add(GenerationTask)
  case abort(RequestID)
  /// End when the whole group is idle.
  case stop
}

/// Why a sequence ended by itself.
enum SequenceEnd: Equatable, Sendable {
  /// One of its end tokens came.
  case endToken(Int32)
  /// It has all the tokens it may get.
  case length
}

/// What the compute thread tells of one step.
struct StepReport: Sendable {
  /// One sequence's new token.
  struct NewToken: Sendable {
    let id: RequestID
    let token: Int32
    var distribution: TokenDistribution?
    /// What is known of the prompt, with the first token.
    var prompt: PromptScore?
    let end: SequenceEnd?
  }

  /// A sequence that began to be computed, and how many of its tokens the prefix cache had.
  struct Admission: Sendable {
    let id: RequestID
    let cachedTokens: Int
  }

  /// When the step was done.
  var time = Instant(nanoseconds: 0)
  /// New tokens, in the order of the batch.
  var tokens: [NewToken] = []
  /// Sequences that began to be computed.
  var admitted: [Admission] = []
  /// Sequences that lost their KV blocks.
  var preempted: [RequestID] = []
  /// Tokens that the step computed.
  var computedTokens = 0
  /// Where the step's time went.
  var phases = StepPhases()
  /// Blocks of the prefix cache that were overwritten since the start.
  var evictions: UInt64 = 0
}

/// What the compute thread tells the loop's thread.
enum EngineEvent: Sendable {
  /// The rank can take requests.
  case ready(EngineFacts)
  case step(StepReport)
  /// The ranks of the group are others than before; these go on.
  case membership([Int])
  /// A sequence that the scheduler refused.
  case refused(RequestID, SchedulingError)
  /// The compute thread has ended; nil after an orderly stop.
  case ended(EngineError?)
}

import Platform
import Randomness

/// How requests are offered to a deployment.
struct LoadPlan: Sendable {
  /// When the next request is sent.
  enum Arrival: Sendable, Equatable {
    /// That many users, each of whom asks again as soon as they are answered (a closed loop).
    case concurrency(Int)
    /// That many requests a second on average, at random instants, whether or not others are answered (an open loop).
    case rate(Double)
  }

  var arrival: Arrival
  /// For how long requests are begun; nil while there are more of them.
  var duration: Duration?
  /// Ends the run early after this many requests.
  var requestLimit: Int?
  /// Requests begun in this first part of the duration load the deployment and are not counted, if there are later ones.
  var warmup = Duration.zero
  /// The prompts' length; nil asks short questions.
  var promptTokens: Int?
  /// The longest answer, or with `isOutputExact` every answer's length.
  var maxTokens: Int
  var isOutputExact = false
  var apiKey: String?
  /// For one request.
  var timeout = Duration.seconds(120)
  /// Seeds the instants and the prompts.
  var seed: UInt64

  /// A request's prompt, unlike every other one from its beginning on, so that no prefix cache flatters the result.
  func prompt(_ number: Int, using generator: inout SplitMix) -> CompletionRequest.Prompt {
    guard let promptTokens else {
      let question = Self.questions[Int.random(in: 0..<Self.questions.count, using: &generator)]
      return .message("(\(number)) \(question)")
    }
    return .tokens((0..<promptTokens).map { _ in Int.random(in: Self.plainIds, using: &generator) })
  }

  /// Ids that stand for single bytes, and for nothing special, in the tokenizers that we know.
  private static let plainIds = 32..<250

  private static let questions = [
    "What is TTFT?", "Explain TPOT in one sentence.", "What does data_parallel_size control?",
    "Why do ranks run dummy steps?", "What is expert parallelism?",
    "What does dp_size_per_node tell the system?",
    "When should I raise max_num_seqs?", "What is a wave?", "How does MLA save memory?",
    "What is prefix caching?", "Which component queues requests?", "What is a KV block?",
    "Count from one to twelve.", "What does EPLB do?", "What is goodput?", "What happens when a rank dies?",
  ]
}

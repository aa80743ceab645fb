// How much do the number formats change what a model says?
//
//   Accuracy [MODEL_FOLDER] [PROMPTS]
//
// PROMPTS is a JSON file of prompts with the answers that f32 arithmetic gives (Tests/Fixtures/operator-moe/greedy.json).
// Each format reads the prompts with these answers and is compared token by token with f32: the divergence of the
// distributions (Kullback and Leibler's, in nats), how often the likeliest token is the same, and how surprised it is by
// the answers (perplexity). Then it answers greedily itself: in how many answers is every token the same?
import Glibc
import JSON
import Model
import Tensors

let folder = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "models/operator-moe"
let promptFile =
  CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : "Tests/Fixtures/operator-moe/greedy.json"

/// A prompt and the tokens that f32 arithmetic answers.
struct Dialogue {
  let prompt: [Int32]
  let answer: [Int32]

  static func all(in path: String) throws -> [Dialogue] {
    let file = try MappedFile.json(path: path)
    return (file["prompts"]?.elements ?? []).map { entry in
      func ids(_ name: String) -> [Int32] {
        (entry[name]?.elements ?? []).compactMap { $0.integer.map(Int32.init) }
      }
      return Dialogue(prompt: ids("promptIds"), answer: ids("outputIds"))
    }
  }
}

/// A model in one format.
struct Reader {
  let model: LanguageModel
  var vocabulary: Int { model.configuration.vocabularySize }

  init(_ arithmetic: Arithmetic) throws {
    model = try LanguageModel(folder: folder, maxBatchTokens: 1024, arithmetic: arithmetic)
  }

  /// The logits behind each of `tokens`, `[tokens.count, vocabulary]`.
  func logits(_ tokens: [Int32]) throws -> [Float] {
    let blocks = (tokens.count + 15) / 16
    let cache = try KeyValueCache(
      model.configuration, blockCount: blocks, blockSize: 16, format: model.layout.arithmetic.cacheFormat)
    var batch = ForwardBatch()
    batch.append(tokens, contextLength: 0, blockTable: (0..<blocks).map(Int32.init), wantsLogits: false)
    batch.logitRows = Array(tokens.indices)
    var result = [Float](repeating: 0, count: tokens.count * vocabulary)
    let experts = try LocalExperts(model.experts)
    result.withUnsafeMutableBufferPointer { model.forward(batch, cache: cache, experts: experts, logits: $0) }
    return result
  }

  /// As many tokens as the answer has, the likeliest each time.
  func answer(_ dialogue: Dialogue) throws -> [Int32] {
    var tokens = dialogue.prompt
    for _ in dialogue.answer { tokens.append(Int32(likeliest(try logits(tokens).suffix(vocabulary)))) }
    return Array(tokens.suffix(dialogue.answer.count))
  }
}

func likeliest(_ logits: ArraySlice<Float>) -> Int {
  (logits.indices.max { logits[$0] < logits[$1] } ?? logits.startIndex) - logits.startIndex
}

/// Natural logarithms of the softmax of logits.
func logarithms(_ logits: ArraySlice<Float>) -> [Double] {
  let greatest = Double(logits.max() ?? 0)
  let sum = logits.reduce(0.0) { $0 + exp(Double($1) - greatest) }
  return logits.map { Double($0) - greatest - log(sum) }
}

/// What adds up over the tokens of all answers.
struct Comparison {
  var tokens = 0
  var divergence = 0.0
  var same = 0
  var surprise = 0.0

  mutating func add(_ exact: ArraySlice<Float>, _ rounded: ArraySlice<Float>, next: Int32) {
    let (p, q) = (logarithms(exact), logarithms(rounded))
    tokens += 1
    divergence += zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    same += likeliest(exact) == likeliest(rounded) ? 1 : 0
    surprise -= q[Int(next)]
  }
}

func rounded(_ value: Double, _ places: Double) -> Double { (value * places).rounded() / places }

let dialogues = try Dialogue.all(in: promptFile)
let exact = try Reader(.float32)
for arithmetic in Arithmetic.allCases {
  let reader = try Reader(arithmetic)
  var comparison = Comparison()
  var equal = 0
  for dialogue in dialogues {
    let tokens = dialogue.prompt + dialogue.answer
    let (wanted, found) = (try exact.logits(tokens), try reader.logits(tokens))
    for (index, next) in dialogue.answer.enumerated() {
      let start = (dialogue.prompt.count + index - 1) * exact.vocabulary
      let row = start..<start + exact.vocabulary
      comparison.add(wanted[row], found[row], next: next)
    }
    equal += try reader.answer(dialogue) == dialogue.answer ? 1 : 0
  }
  let count = Double(comparison.tokens)
  print(
    "ACCURACY format=\(arithmetic.rawValue) tokens=\(comparison.tokens)"
      + " divergence_nats=\(rounded(comparison.divergence / count, 1e6))"
      + " same_likeliest=\(rounded(Double(comparison.same) / count, 1e4))"
      + " perplexity=\(rounded(exp(comparison.surprise / count), 1e4))"
      + " same_answers=\(equal)/\(dialogues.count)")
}

import JSON
import Model
import Tensors

/// The toy models, one an architecture, by the names of their folders; see make_toy_models.py.
enum Toy: String, CaseIterable {
  case deepseekV3 = "deepseek-v3"
  case deepseekV3YaRN = "deepseek-v3-yarn"
  case deepseekV2 = "deepseek-v2"
  case mixtral
  case qwen3MoE = "qwen3-moe"

  var folder: String { ToyModel.fixtures + "/\(rawValue)-toy" }
}

/// A toy model and what transformers computes with it.
struct ToyModel {
  struct Prompt {
    let name: String
    let tokens: [Int32]
    let greedy: [Int32]
  }

  static var fixtures: String {
    let parts = #filePath.split(separator: "/").dropLast(2)
    return "/" + parts.joined(separator: "/") + "/Fixtures"
  }

  static var folder: String { Toy.deepseekV3.folder }

  let prompts: [Prompt]
  let golden: SafetensorsFile

  init(_ toy: Toy = .deepseekV3) throws { try self.init(folder: toy.folder) }

  /// The goldens of a folder.
  init(folder: String) throws {
    golden = try SafetensorsFile(path: folder + "/golden.safetensors")
    let json = try MappedFile.json(path: folder + "/golden.json")
    prompts = (json["prompts"]?.elements ?? []).map { prompt in
      Prompt(
        name: prompt["name"]?.string ?? "", tokens: Self.tokens(prompt["prompt"]),
        greedy: Self.tokens(prompt["greedy"]))
    }
  }

  private static func tokens(_ value: JSONValue?) -> [Int32] {
    (value?.elements ?? []).compactMap { $0.integer.map(Int32.init) }
  }

  /// A golden tensor's values.
  func values(_ name: String) throws -> [Float] {
    guard let tensor = golden.tensor(name) else {
      throw TensorsError.missingTensor(file: golden.path, tensor: name)
    }
    let count = tensor.shape.reduce(1, *)
    let buffer = try FloatBuffer(count: count)
    try tensor.widen(into: buffer.base)
    return withExtendedLifetime(buffer) { Array(UnsafeBufferPointer(start: buffer.base, count: count)) }
  }
}

extension ToyModel {
  /// A golden tensor of ids.
  func ids(_ name: String) throws -> [Int32] {
    guard let tensor = golden.tensor(name) else {
      throw TensorsError.missingTensor(file: golden.path, tensor: name)
    }
    return (0..<tensor.bytes.count / 4).map {
      tensor.bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)
    }
  }
}

/// A file's bytes.
func contents(_ path: String) throws -> [UInt8] {
  let file = try MappedFile(path: path)
  return withExtendedLifetime(file) { Array(file.bytes) }
}

/// One sequence of a model over a cache of its own, for tests.
final class Conversation {
  let model: LanguageModel
  let cache: KeyValueCache
  let experts: LocalExperts
  private(set) var length = 0
  let blockTable: [Int32]
  private let adapter: LoRAAdapter?

  init(
    _ model: LanguageModel, blockSize: Int = 16, maxLength: Int = 256, adapter: LoRAAdapter? = nil
  ) throws {
    self.model = model
    self.adapter = adapter
    let blocks = (maxLength + blockSize - 1) / blockSize
    cache = try KeyValueCache(
      model.configuration, blockCount: blocks + 3, blockSize: blockSize,
      format: model.layout.arithmetic.cacheFormat)
    experts = try LocalExperts(model.experts)
    // Blocks out of order, so that a cache that ignores its table fails.
    blockTable = (0..<blocks).map { Int32((($0 * 7) % blocks) + 3) }
    precondition(Set(blockTable).count == blocks, "the block table must be a permutation")
  }

  /// Feeds tokens in one chunk and returns the logits of each, row after row.
  func feed(_ tokens: [Int32]) -> [Float] {
    var batch = ForwardBatch()
    batch.append(
      tokens, contextLength: length, blockTable: blockTable, wantsLogits: false, adapter: adapter)
    batch.logitRows = Array(0..<tokens.count)
    let size = tokens.count * model.configuration.vocabularySize
    var logits = [Float](repeating: .nan, count: size)
    logits.withUnsafeMutableBufferPointer {
      model.forward(batch, cache: cache, experts: experts, logits: $0)
    }
    length += tokens.count
    return logits
  }

  /// Feeds tokens in chunks of at most `size`.
  func feed(_ tokens: [Int32], chunk size: Int) -> [Float] {
    var logits: [Float] = []
    for start in stride(from: 0, to: tokens.count, by: size) {
      logits += feed(Array(tokens[start..<min(start + size, tokens.count)]))
    }
    return logits
  }
}

/// The largest absolute difference.
func largestDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    // A NaN must not pass for a small difference.
    return difference <= largest ? largest : (difference.isNaN ? .infinity : difference)
  }
}

/// Equality as one word: a failed comparison of long arrays would be printed for minutes.
func sameBits(_ a: [Float], _ b: [Float]) -> Bool { a == b }

func argmax(_ values: some Collection<Float>) -> Int32 {
  Int32(values.enumerated().max { $0.element < $1.element }?.offset ?? -1)
}

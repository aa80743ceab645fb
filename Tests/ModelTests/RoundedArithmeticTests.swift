import Glibc
import JSON
import Tensors
import Testing

@testable import Model

/// One way to keep the weights of a bf16 run.
enum WeightPlace: CaseIterable {
  case packed
  case inPlace
}

/// A folder that is removed with its files when the object goes.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/dpdeploy-test-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
  }

  var files: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  deinit {
    for name in files { unlink(path + "/" + name) }
    rmdir(path)
  }
}

/// Remembers where each row was sent.
private final class RoutingRecorder: ExpertDispatch {
  private let local: LocalExperts
  private(set) var experts: [[Int32]]

  init(_ local: LocalExperts, rows: Int) {
    self.local = local
    experts = Array(repeating: [], count: rows)
  }

  func run(
    moeLayer: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting, output: UnsafeMutablePointer<Float>
  ) {
    for slot in 0..<routing.tokenCount * routing.expertsPerToken {
      experts[slot / routing.expertsPerToken].append(routing.ids[slot])
    }
    local.run(moeLayer: moeLayer, hidden: hidden, routing: routing, output: output)
  }
}

@Suite struct `Rounded arithmetic` {
  private static let kinds = [Arithmetic.bfloat16, .int8]

  let toy: ToyModel
  let cache = TemporaryFolder()

  init() throws { toy = try ToyModel() }

  private func model(
    _ place: WeightPlace, _ arithmetic: Arithmetic = .bfloat16, folder: String = ToyModel.folder
  ) throws -> LanguageModel {
    let model = try LanguageModel(
      folder: folder, maxBatchTokens: 256, arithmetic: arithmetic,
      packedCache: place == .packed ? cache.path : nil)
    try #require(model.layout.obstacle == nil)
    #expect((model.layout.packedPath != nil) == (place == .packed))
    return model
  }

  /// Logits of a prompt, and the experts each row went to, layer after layer.
  private func run(
    _ model: LanguageModel, _ tokens: [Int32]
  ) throws -> (logits: [Float], experts: [[Int32]]) {
    let recorder = RoutingRecorder(try LocalExperts(model.experts), rows: tokens.count)
    let cache = try KeyValueCache(
      model.configuration, blockCount: 16, blockSize: 16, format: model.layout.arithmetic.cacheFormat)
    var batch = ForwardBatch()
    batch.append(tokens, contextLength: 0, blockTable: (0..<16).map { $0 }, wantsLogits: false)
    batch.logitRows = Array(0..<tokens.count)
    var logits = [Float](repeating: .nan, count: tokens.count * model.configuration.vocabularySize)
    logits.withUnsafeMutableBufferPointer {
      model.forward(batch, cache: cache, experts: recorder, logits: $0)
    }
    return (logits, recorder.experts)
  }

  /// Same bf16 weights on both sides, so that only the rounding of activations differs.
  ///
  /// Rows behind one that went to other experts are not compared: a near-tie of the router is no error, and later rows
  /// attend to it.
  @Test
  func `bf16 logits agree with f32 within two in a hundred, and so does their argmax where it is clear`()
    throws
  {
    let exact = try LanguageModel(folder: `Bundled model`.folder, maxBatchTokens: 256)
    let rounded = try model(.packed, folder: `Bundled model`.folder)
    let width = exact.configuration.vocabularySize
    let golden = try MappedFile.json(path: ToyModel.fixtures + "/operator-moe/greedy.json")
    var compared = 0
    var errors: [Float] = []
    for prompt in (golden["prompts"]?.elements ?? []).prefix(6) {
      let tokens = (prompt["promptIds"]?.elements ?? []).prefix(200).compactMap { $0.integer.map(Int32.init) }
      let (expected, found) = (try run(exact, tokens), try run(rounded, tokens))
      let rows = zip(expected.experts, found.experts).prefix { $0 == $1 }.count
      for row in 0..<rows {
        let range = row * width..<(row + 1) * width
        errors.append(compare(Array(found.logits[range]), with: Array(expected.logits[range])))
      }
      compared += rows
    }
    #expect(compared >= 16)
    let largest = errors.max() ?? .nan
    #expect(largest < 2e-2)
  }

  /// As above, a row is compared while it and all rows before it went to the experts that f32 chose.
  ///
  /// The toys' random f32
  /// weights are rounded too, so that some rows are further off than the middle one.
  @Test(arguments: Toy.allCases)
  func `bf16 logits agree with those of transformers within two in a hundred`(toy: Toy) throws {
    let exact = try LanguageModel(folder: toy.folder, maxBatchTokens: 256)
    let rounded = try model(.packed, folder: toy.folder)
    let golden = try ToyModel(toy)
    let width = exact.configuration.vocabularySize
    var errors: [Float] = []
    for prompt in golden.prompts {
      let wanted = try golden.values("\(prompt.name).logits")
      let first = prompt.tokens.count - wanted.count / width
      let (expected, found) = (try run(exact, prompt.tokens), try run(rounded, prompt.tokens))
      let rows = zip(expected.experts, found.experts).prefix { $0 == $1 }.count
      for row in first..<max(first, rows) {
        errors.append(
          compare(
            Array(found.logits[row * width..<(row + 1) * width]),
            with: Array(wanted[(row - first) * width..<(row - first + 1) * width])))
      }
    }
    #expect(errors.count >= 8)
    #expect(errors.sorted()[(errors.count - 1) / 2] < 2e-2)
    #expect(errors.allSatisfy { $0 < 6e-2 })
  }

  /// The size of the difference of two rows of logits over that of the wanted one; expects the same token to win where
  /// the wanted row is clear about it.
  private func compare(_ found: [Float], with wanted: [Float]) -> Float {
    let size = wanted.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let sorted = wanted.sorted()
    if sorted[wanted.count - 1] - sorted[wanted.count - 2] > 0.2 * size / Float(wanted.count).squareRoot() {
      #expect(argmax(found) == argmax(wanted))
    }
    return zip(wanted, found).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() / size
  }

  @Test(arguments: Toy.allCases, kinds)
  func `packed weights give the same bits as weights in place`(toy: Toy, arithmetic: Arithmetic) throws {
    let packed = try model(.packed, arithmetic, folder: toy.folder)
    let plain = try model(.inPlace, arithmetic, folder: toy.folder)
    for prompt in try ToyModel(toy).prompts {
      let found = try Conversation(packed).feed(prompt.tokens)
      #expect(sameBits(found, try Conversation(plain).feed(prompt.tokens)), "\(prompt.name)")
    }
  }

  @Test(arguments: [1, 7, 16, 64, 149], kinds)
  func `chunked prefill and decode give the same bits as one chunk`(chunk: Int, arithmetic: Arithmetic) throws
  {
    let model = try model(.packed, arithmetic)
    let prompt = try #require(toy.prompts.last)
    let whole = try Conversation(model).feed(prompt.tokens)
    #expect(sameBits(whole, try Conversation(model).feed(prompt.tokens, chunk: chunk)))
  }

  @Test(arguments: kinds)
  func `neighbours in a batch do not change a bit of a token's logits`(arithmetic: Arithmetic) throws {
    let model = try model(.packed, arithmetic)
    let vocabulary = model.configuration.vocabularySize
    let alone = try toy.prompts.map { try Conversation(model).feed($0.tokens).suffix(vocabulary) }
    let cache = try KeyValueCache(
      model.configuration, blockCount: 32, blockSize: 16, format: model.layout.arithmetic.cacheFormat)
    var batch = ForwardBatch()
    var block: Int32 = 0
    for prompt in toy.prompts {
      let blocks = Int32((prompt.tokens.count + 15) / 16)
      batch.append(
        prompt.tokens, contextLength: 0, blockTable: Array(block..<block + blocks), wantsLogits: true)
      block += blocks
    }
    var logits = [Float](repeating: .nan, count: toy.prompts.count * vocabulary)
    let experts = try LocalExperts(model.experts)
    logits.withUnsafeMutableBufferPointer {
      model.forward(batch, cache: cache, experts: experts, logits: $0)
    }
    #expect(sameBits(logits, alone.flatMap(\.self)))
  }

  @Test(arguments: kinds, [1, 2, 3, 4, 8])
  func `who owns an expert does not change a bit`(arithmetic: Arithmetic, ranks: Int) throws {
    let model = try model(.packed, arithmetic)
    let prompt = try #require(toy.prompts.dropFirst().first)
    let expected = try Conversation(model).feed(prompt.tokens)
    let cache = try KeyValueCache(
      model.configuration, blockCount: 16, blockSize: 16, format: model.layout.arithmetic.cacheFormat)
    var batch = ForwardBatch()
    batch.append(prompt.tokens, contextLength: 0, blockTable: (0..<16).map { $0 }, wantsLogits: false)
    batch.logitRows = Array(0..<prompt.tokens.count)
    var logits = [Float](repeating: .nan, count: expected.count)
    let spread = SpreadExperts(model.experts, ranks: ranks)
    logits.withUnsafeMutableBufferPointer {
      model.forward(batch, cache: cache, experts: spread, logits: $0)
    }
    #expect(sameBits(logits, expected))
  }

  @Test func `chooses bf16 for bf16 weights on a processor with vectors, and f32 for others`() throws {
    let bundled = try LanguageModel(folder: `Bundled model`.folder, maxBatchTokens: 8, arithmetic: nil)
    #expect((bundled.layout.arithmetic == .bfloat16) == (Arithmetic.instructionSet != "portable"))
    let toy = try LanguageModel(folder: ToyModel.folder, maxBatchTokens: 8, arithmetic: nil)
    #expect(toy.layout.arithmetic == .float32)
  }

  @Test func `a cache that cannot be written leaves the weights in place`() throws {
    let model = try LanguageModel(
      folder: ToyModel.folder, maxBatchTokens: 64, arithmetic: .bfloat16, packedCache: "/proc/nowhere")
    #expect(model.layout.packedPath == nil)
    #expect(model.layout.obstacle?.description.hasPrefix("/proc/nowhere: ") == true)
    let prompt = try #require(toy.prompts.first)
    let expected = try Conversation(try self.model(.packed)).feed(prompt.tokens)
    #expect(sameBits(try Conversation(model).feed(prompt.tokens), expected))
  }

  @Test func `the bundled model answers as in f32`() throws {
    let model = try model(.packed, folder: `Bundled model`.folder)
    let golden = try MappedFile.json(path: ToyModel.fixtures + "/operator-moe/greedy.json")
    var differing: [Int] = []
    for (index, prompt) in (golden["prompts"]?.elements ?? []).enumerated() {
      let expected = (prompt["outputIds"]?.elements ?? []).compactMap { $0.integer.map(Int32.init) }
      let text = (prompt["promptIds"]?.elements ?? []).compactMap { $0.integer.map(Int32.init) }
      let conversation = try Conversation(model, maxLength: 1024)
      let vocabulary = model.configuration.vocabularySize
      var next = argmax(conversation.feed(text, chunk: 256).suffix(vocabulary))
      var generated = [next]
      while generated.count < expected.count {
        next = argmax(conversation.feed([next]))
        generated.append(next)
      }
      if generated != expected { differing.append(index) }
    }
    #expect(differing == [])
  }
}

import Glibc
import Model
import Tensors
import Testing

/// An adapter of a toy model and what PEFT computes with it; see make_toy_adapters.py.
struct ToyAdapter {
  let toy: Toy
  let name: String

  static let all = [
    ToyAdapter(toy: .deepseekV3, name: "all"), ToyAdapter(toy: .deepseekV3, name: "queries"),
    ToyAdapter(toy: .deepseekV2, name: "all"), ToyAdapter(toy: .mixtral, name: "all"),
    ToyAdapter(toy: .qwen3MoE, name: "all"),
  ]

  var folder: String { toy.folder + "/adapters/" + name }

  func golden() throws -> ToyModel { try ToyModel(folder: folder) }

  func read(for model: LanguageModel) throws -> LoRAAdapter {
    try LoRAAdapter(folder: folder, for: model.configuration)
  }
}

@Suite struct `An adapter` {
  private func open(_ toy: Toy) throws -> LanguageModel {
    try LanguageModel(folder: toy.folder, maxBatchTokens: 256)
  }

  @Test(arguments: ToyAdapter.all)
  func `gives PEFT's logits within 1e-4 and its sixteen greedy tokens`(adapter: ToyAdapter) throws {
    let model = try open(adapter.toy)
    let weights = try adapter.read(for: model)
    let golden = try adapter.golden()
    #expect(golden.prompts.map(\.tokens.count) == [8, 40])
    for prompt in golden.prompts {
      let conversation = try Conversation(model, adapter: weights)
      let logits = conversation.feed(prompt.tokens)
      #expect(largestDifference(logits, try golden.values("\(prompt.name).logits")) < 1e-4, "\(prompt.name)")
      var generated = [argmax(logits.suffix(model.configuration.vocabularySize))]
      while generated.count < prompt.greedy.count {
        generated.append(argmax(conversation.feed([generated[generated.count - 1]])))
      }
      #expect(prompt.greedy.count == 16 && generated == prompt.greedy, "\(prompt.name)")
      // An adapter that changed nothing would pass nothing above by chance, but say so plainly.
      #expect(try !sameBits(logits, Conversation(model).feed(prompt.tokens)))
    }
  }

  @Test(arguments: ToyAdapter.all, [1, 7, 16])
  func `gives the same bits chunked and whole`(adapter: ToyAdapter, chunk: Int) throws {
    let model = try open(adapter.toy)
    let weights = try adapter.read(for: model)
    let tokens = try #require(try adapter.golden().prompts.last).tokens
    let whole = try Conversation(model, adapter: weights).feed(tokens)
    #expect(sameBits(whole, try Conversation(model, adapter: weights).feed(tokens, chunk: chunk)))
  }

  /// Rows of two adapters and of the model itself, in turn, over more than one block of rows.
  @Test(arguments: Arithmetic.allCases, [false, true])
  func `mixed with others in a batch gives the bits that it gives alone`(
    arithmetic: Arithmetic, packs: Bool
  ) throws {
    let cacheFolder = TemporaryFolder()
    let model = try LanguageModel(
      folder: Toy.deepseekV3.folder, maxBatchTokens: 256, arithmetic: arithmetic,
      packedCache: packs ? cacheFolder.path : nil)
    let adapters = try ToyAdapter.all.prefix(2).map { try $0.read(for: model) }
    let tokens = try #require(try ToyAdapter.all[0].golden().prompts.last).tokens
    let turns: [LoRAAdapter?] = [adapters[0], nil, adapters[1], adapters[0]]
    let vocabulary = model.configuration.vocabularySize
    let alone = try turns.enumerated().map { index, adapter in
      try Conversation(model, adapter: adapter).feed(Array(tokens.dropFirst(index))).suffix(vocabulary)
    }
    let cache = try KeyValueCache(
      model.configuration, blockCount: 16, blockSize: 16, format: model.layout.arithmetic.cacheFormat)
    var batch = ForwardBatch()
    for (index, adapter) in turns.enumerated() {
      let first = Int32(index * 3)
      batch.append(
        tokens.dropFirst(index), contextLength: 0, blockTable: Array(first..<first + 3), wantsLogits: true,
        adapter: adapter)
    }
    var logits = [Float](repeating: .nan, count: turns.count * vocabulary)
    let experts = try LocalExperts(model.experts)
    logits.withUnsafeMutableBufferPointer {
      model.forward(batch, cache: cache, experts: experts, logits: $0)
    }
    #expect(sameBits(logits, alone.flatMap(\.self)))
  }

  @Test(arguments: [
    ("\"use_dora\": false", "\"use_dora\": true", "not supported: use_dora"),
    ("\"bias\": \"none\"", "\"bias\": \"all\"", "not supported: bias all (none is)"),
    ("\"lora_bias\": false", "\"lora_bias\": true", "not supported: lora_bias"),
    ("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", "not supported: modules_to_save"),
    (
      "\"rank_pattern\": {}", "\"rank_pattern\": {\".*o_proj\": 8, \"x\": 1}",
      "not supported: rank_pattern .*o_proj"
    ),
    ("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "not supported: peft_type IA3 (LORA is)"),
    ("\"lora_alpha\": 8,", "", "lora_alpha: is missing"),
    ("\"r\": 4", "\"r\": 4096", "r: expected at most 1024, found 4096"),
  ])
  func `is refused by name for what would be computed wrongly`(
    old: String, new: String, message: String
  ) throws {
    let altered = try AlteredAdapter(replacing: old, with: new)
    #expect(altered.complaint == "DIR/adapter_config.json: " + message)
  }

  @Test(arguments: [
    ("self_attn.o_proj", "self_attn.x_proj", "which is no adapted projection of this model"),
    ("self_attn.kv_a_proj_with_mqa", "self_attn.kv_b_proj", "not supported: kv_b_proj"),
    ("mlp.shared_experts.up_proj", "mlp.experts.12.up_proj", "not supported: routed experts"),
  ])
  func `is refused for a tensor that it cannot place`(old: String, new: String, message: String) throws {
    let altered = try AlteredAdapter(renaming: old, to: new)
    #expect(altered.complaint.contains(message), "\(altered.complaint)")
  }

  @Test func `is refused for a shape that is not the model's`() throws {
    let altered = try AlteredAdapter(replacing: "\"r\": 4", with: "\"r\": 3")
    #expect(altered.complaint.contains("expected shape [3, 32], found [4, 32]"), "\(altered.complaint)")
    let other = try open(.mixtral)
    #expect(throws: ModelError.self) { try ToyAdapter.all[0].read(for: other) }
  }
}

/// A copy of an adapter's folder with something replaced.
private final class AlteredAdapter {
  private let folder = TemporaryFolder()

  init(replacing old: String = "", with new: String = "", renaming tensor: String = "", to name: String = "")
    throws
  {
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
      let bytes = try contents(ToyAdapter.all[0].folder + "/" + file)
      let isSettings = file == "adapter_config.json"
      let altered = Self.replace(isSettings ? old : tensor, by: isSettings ? new : name, in: bytes)
      try #require(isSettings != old.isEmpty || altered == bytes)
      let descriptor = Glibc.open(folder.path + "/" + file, O_WRONLY | O_CREAT, 0o600)
      defer { close(descriptor) }
      try #require(write(descriptor, altered, altered.count) == altered.count)
    }
  }

  /// Replaces every occurrence; a name in a safetensors header takes its length from or gives it to the padding.
  private static func replace(_ old: String, by new: String, in bytes: [UInt8]) -> [UInt8] {
    guard !old.isEmpty else { return bytes }
    let pattern = Array(old.utf8)
    var (result, index, grown) = ([UInt8](), 0, 0)
    while index < bytes.count {
      if bytes[index...].starts(with: pattern) {
        result += Array(new.utf8)
        index += pattern.count
        grown += new.utf8.count - pattern.count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    guard bytes.count > 8, bytes[0] != UInt8(ascii: "{"), grown != 0 else { return result }
    let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) } + grown
    for place in 0..<8 { result[place] = UInt8(truncatingIfNeeded: header >> (8 * place)) }
    return result
  }

  /// What reading it says, its path left out.
  var complaint: String {
    do {
      _ = try LoRAAdapter(folder: folder.path, for: ModelConfiguration(folder: Toy.deepseekV3.folder))
      return "read"
    } catch {
      return "\(error)".split(separator: folder.path, omittingEmptySubsequences: false).joined(
        separator: "DIR")
    }
  }
}

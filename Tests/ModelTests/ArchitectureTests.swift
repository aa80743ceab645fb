import Glibc
import Tensors
import Testing

@testable import Model

@Suite struct `Architectures` {
  @Test func `read their attention, router and experts`() throws {
    let qwen = try ModelConfiguration(folder: Toy.qwen3MoE.folder)
    #expect(
      qwen.attention
        == .grouped(
          GroupedQueryAttentionShape(headCount: 4, keyValueHeadCount: 2, headSize: 12, normalizesHeads: true))
    )
    #expect(qwen.moeLayers == [0, 2] && qwen.experts.router == .softmax && qwen.tiesEmbeddings)
    #expect(qwen.rotary == RotaryShape(theta: 1_000_000, isInterleaved: false, yarn: nil))
    let mixtral = try ModelConfiguration(folder: Toy.mixtral.folder)
    #expect(
      mixtral.attention
        == .grouped(
          GroupedQueryAttentionShape(headCount: 4, keyValueHeadCount: 2, headSize: 8, normalizesHeads: false))
    )
    #expect(mixtral.moeLayers == [0, 1] && mixtral.normEpsilon == 1e-5)
    let deepseek = try ModelConfiguration(folder: Toy.deepseekV2.folder)
    #expect(deepseek.experts.router == .groupedSoftmax(ExpertGroups(count: 4, perToken: 2)))
    #expect(deepseek.experts.sharedCount == 2 && !deepseek.experts.normalizesWeights)
  }

  @Test func `cache exactly a key and a value per key-value head, or a latent and a key`() throws {
    let qwen = try ModelConfiguration(folder: Toy.qwen3MoE.folder)
    // 3 layers, 16 tokens, 2 heads, key and value of 12 elements of 4 bytes.
    #expect(KeyValueCache.bytesPerBlock(qwen, blockSize: 16) == 3 * 16 * 2 * (12 + 12) * 4)
    let deepseek = try ModelConfiguration(folder: Toy.deepseekV2.folder)
    #expect(KeyValueCache.bytesPerBlock(deepseek, blockSize: 16) == 2 * 16 * (16 + 8) * 4)
    // bf16 pages hold keys in whole blocks of 32 elements, and values of latent attention are among them.
    #expect(KeyValueCache.bytesPerBlock(deepseek, blockSize: 16, format: .bfloat16) == 2 * 16 * 32 * 2)
    #expect(KeyValueCache.bytesPerBlock(deepseek, blockSize: 20, format: .bfloat16) == 2 * 32 * 32 * 2)
    #expect(
      KeyValueCache.bytesPerBlock(qwen, blockSize: 16, format: .bfloat16) == 3 * 16 * 2 * (32 + 16) * 2)
  }

  @Test func `take a grouped-query head size from the hidden size when config.json is silent`() throws {
    let config = try Toy.qwen3MoE.config(replacing: "\"head_dim\": 12", with: "\"head_dim\": null")
    let altered = try AlteredModel(.qwen3MoE, config: config)
    guard case .grouped(let shape) = try ModelConfiguration(folder: altered.path).attention else {
      Issue.record("another kind of attention")
      return
    }
    #expect(shape.headSize == 8)
  }

  @Test(arguments: [("", 0.1 * logf(4) + 1), (", \"attention_factor\": 1.7", 1.7)])
  func `extend grouped-query attention by YaRN through the angles alone`(
    more: String, amplitude: Float
  ) throws {
    let config = try Toy.mixtral.config(
      replacing: "\"rope_type\": \"default\"",
      with: "\"rope_type\": \"yarn\", \"factor\": 4\(more)")
    let altered = try AlteredModel(.mixtral, config: config)
    let model = try ModelConfiguration(folder: altered.path)
    let rotary = RotaryEmbedding(model.rotary, size: model.attention.rotarySize)
    #expect(abs(rotary.amplitude - amplitude) < 1e-6 && rotary.scoreFactor == 1)
  }

  @Test func `place experts by step and exception`() throws {
    let config = try Toy.qwen3MoE.config(
      replacing: "\"decoder_sparse_step\": 1", with: "\"decoder_sparse_step\": 3")
    let altered = try AlteredModel(.qwen3MoE, config: config)
    #expect(try ModelConfiguration(folder: altered.path).moeLayers == [2])
  }

  @Test(arguments: [
    (Toy.mixtral, "\"sliding_window\": null", "\"sliding_window\": 4096", "sliding_window 4096 (null is)"),
    (
      .qwen3MoE, "\"sliding_window\": null", "\"sliding_window\": 8, \"x\": 0",
      "opened"
    ),
    (
      .qwen3MoE, "\"use_sliding_window\": false",
      "\"use_sliding_window\": true, \"max_window_layers\": 2", "opened"
    ),
    (.qwen3MoE, "\"attention_bias\": false", "\"attention_bias\": true", "attention_bias"),
    (.deepseekV2, "\"mlp_bias\": false", "\"mlp_bias\": true", "mlp_bias"),
    (.deepseekV2, "\"group_limited_greedy\"", "\"noaux_tc\"", "topk_method noaux_tc"),
    (.deepseekV2, "\"norm_topk_prob\": false", "\"norm_topk_prob\": true", "norm_topk_prob"),
    (
      .deepseekV3, "\"use_cache\": true", "\"quantization_config\": {\"quant_method\": \"fp8\"}",
      "quantization_config fp8; convert the checkpoint to bf16 first"
    ),
    (.mixtral, "\"rope_type\": \"default\"", "\"rope_type\": \"linear\"", "rope type linear"),
    (
      .mixtral, "\"use_cache\": true", "\"partial_rotary_factor\": 0.5", "partial_rotary_factor 0.5"
    ),
    (.mixtral, "\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "hidden_act gelu"),
    (
      .qwen3MoE, "\"decoder_sparse_step\": 1", "\"decoder_sparse_step\": 4",
      "a model without a layer of experts"
    ),
  ])
  func `refuse by name what they do not do`(toy: Toy, old: String, new: String, message: String) throws {
    let altered = try AlteredModel(toy, config: toy.config(replacing: old, with: new))
    let refusal = "DIR/config.json: not supported: " + message
    #expect(altered.complaint == (message == "opened" ? "opened" : refusal))
  }

  @Test(arguments: [
    (
      Toy.qwen3MoE, "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
      "num_key_value_heads: 4 query heads do not divide among 3"
    ),
    (.qwen3MoE, "\"head_dim\": 12", "\"head_dim\": 13", "head_dim: expected an even number, found 13"),
    (
      .mixtral, "\"num_experts_per_tok\": 2", "\"num_experts_per_tok\": 9",
      "num_experts_per_tok: expected at most 8 experts, found 9"
    ),
    (.mixtral, "\"num_local_experts\": 8,", "", "num_local_experts: is missing"),
  ])
  func `say which field is wrong`(toy: Toy, old: String, new: String, message: String) throws {
    let altered = try AlteredModel(toy, config: toy.config(replacing: old, with: new))
    #expect(altered.complaint == "DIR/config.json: " + message)
  }

  @Test(arguments: [Toy.deepseekV3, .mixtral, .qwen3MoE])
  func `read experts fused to two tensors as transformers 5 holds them`(toy: Toy) throws {
    let fused = try AlteredModel(toy, weights: FusedWeights.bytes(of: toy))
    let tokens = try #require(try ToyModel(toy).prompts.first?.tokens)
    let expected = try Conversation(LanguageModel(folder: toy.folder, maxBatchTokens: 8)).feed(tokens)
    let found = try Conversation(LanguageModel(folder: fused.path, maxBatchTokens: 8)).feed(tokens)
    #expect(sameBits(found, expected))
  }
}

import Glibc
import Tensors
import Testing

@testable import Model

@Suite struct `Model folder` {
  private func replacing(_ old: String, _ new: String) throws -> String {
    try Toy.deepseekV3.config(replacing: old, with: new)
  }

  @Test func `reads the shape of the toy model`() throws {
    let model = try ModelConfiguration(folder: ToyModel.folder)
    #expect(model.vocabularySize == 320 && model.hiddenSize == 32 && model.layerCount == 3)
    #expect(model.moeLayers == [1, 2])
    guard case .latent(let attention) = model.attention else {
      Issue.record("\(model.attention)")
      return
    }
    #expect(attention.queryHeadSize == 16 && attention.cachedWidth == 24)
    #expect(model.rotary == RotaryShape(theta: 10_000, isInterleaved: true, yarn: nil))
    #expect(model.endTokens == [1] && model.beginToken == 0)
  }

  @Test func `accepts the rotary parameters of published checkpoints`() throws {
    let nested = "\"rope_parameters\": {\n    \"rope_theta\": 10000.0,\n    \"rope_type\": \"default\"\n  }"
    let flat = """
      "rope_theta": 50000, "rope_scaling": {"type": "yarn", "factor": 40, "beta_fast": 32, "beta_slow": 1,
      "mscale": 1.0, "mscale_all_dim": 1.0, "original_max_position_embeddings": 4096}
      """
    let altered = try AlteredModel(config: replacing(nested, flat))
    let model = try ModelConfiguration(folder: altered.path)
    #expect(model.rotary.theta == 50_000)
    #expect(model.rotary.yarn?.factor == 40 && model.rotary.yarn?.originalPositions == 4096)
    let rotary = RotaryEmbedding(model.rotary, size: 64)
    #expect(rotary.amplitude == 1)
    #expect(abs(rotary.scoreFactor - 1.3689 * 1.3689) < 1e-3)
    // High frequencies are kept, low ones divided by the factor.
    #expect(rotary.frequencies[0] == 1)
    let last = powf(50_000, -62.0 / 64)
    #expect(abs(rotary.frequencies[31] - last / 40) < 1e-9)
  }

  @Test(arguments: [
    (#""hidden_size": 32"#, #""hidden_size": "x""#, "hidden_size: expected an integer, found a string"),
    (#""hidden_size": 32"#, #""hidden_sice": 32"#, "hidden_size: is missing"),
    (
      #""hidden_size": 32"#, #""hidden_size": -1"#,
      "hidden_size: expected an integer from 1 to 268435456, found -1"
    ),
    (#""n_group": 4"#, #""n_group": 3"#, "n_group: 8 experts do not divide into 3 groups"),
    (#""topk_group": 2"#, #""topk_group": 5"#, "topk_group: expected at most 4 groups, found 5"),
    (
      #""num_experts_per_tok": 3"#, #""num_experts_per_tok": 5"#,
      "num_experts_per_tok: expected at most 4 experts, found 5"
    ),
    (
      #""qk_rope_head_dim": 8"#, #""qk_rope_head_dim": 7"#,
      "qk_rope_head_dim: expected an even number, found 7"
    ),
    (#""rope_type": "default""#, #""rope_type": "dynamic""#, "not supported: rope type dynamic"),
    (
      #""model_type": "deepseek_v3""#, #""model_type": "llama""#,
      "not supported: model_type llama (deepseek_v2, deepseek_v3, mixtral, qwen3_moe are)"
    ),
  ])
  func `says which field of config.json is wrong`(old: String, new: String, message: String) throws {
    let altered = try AlteredModel(config: replacing(old, new))
    #expect(altered.complaint == "DIR/config.json: " + message)
  }

  @Test func `says where config.json stops being JSON`() throws {
    let altered = try AlteredModel(config: "{\n  \"a\": 1,\n}")
    #expect(altered.complaint.hasPrefix("DIR/config.json:3:"))
  }

  @Test func `says which tensor has another shape than the configuration`() throws {
    let altered = try AlteredModel(config: replacing(#""kv_lora_rank": 16"#, #""kv_lora_rank": 18"#))
    #expect(
      altered.complaint
        == "DIR/model.safetensors: tensor model.layers.0.self_attn.kv_a_proj_with_mqa.weight: expected shape [26, 32], found [24, 32]"
    )
  }

  @Test func `says which tensor is missing`() throws {
    let altered = try AlteredModel(config: replacing(#""num_hidden_layers": 3"#, #""num_hidden_layers": 4"#))
    #expect(
      altered.complaint
        == "DIR/model.safetensors: tensor model.layers.3.input_layernorm.weight is missing")
  }

  @Test func `says that files are missing or cut short`() throws {
    #expect(
      try AlteredModel(without: ["config.json"]).complaint == "DIR/config.json: No such file or directory")
    #expect(
      try AlteredModel(without: ["model.safetensors"]).complaint
        == "DIR: neither model.safetensors nor model.safetensors.index.json found")
    let whole = try contents(ToyModel.folder + "/model.safetensors").count
    #expect(
      try AlteredModel(truncatedTo: whole - 100).complaint
        == "DIR/model.safetensors: truncated: expected \(whole) bytes, found \(whole - 100)")
  }
}

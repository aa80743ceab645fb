import Glibc
import JSON
import Planning
import Testing

/// The numbers of DeepSeek-V3's config.json that matter here.
private let deepSeekV3 = """
  {"hidden_size": 7168, "num_hidden_layers": 61, "vocab_size": 129280, "intermediate_size": 18432,
   "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1, "first_k_dense_replace": 3,
   "num_attention_heads": 128, "num_key_value_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512,
   "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "max_position_embeddings": 163840,
   "quantization_config": {"quant_method": "fp8"}, "torch_dtype": "bfloat16"}
  """

private func shape(_ text: String) throws -> ModelShape {
  try ModelShape(config: JSONValue(parsing: text))
}

private func isNear(_ value: Double, _ expected: Double, within share: Double = 0.01) -> Bool {
  abs(value / expected - 1) <= share
}

@Suite struct `A model's memory` {
  @Test func `is DeepSeek-V3's, of 671 billion parameters and 70272 bytes a token`() throws {
    let shape = try shape(deepSeekV3)
    #expect(shape.routedParameters == 58 * 256 * 3 * 7168 * 2048)
    let all = Double(shape.routedParameters + shape.plainParameters + shape.denseParameters)
    #expect(isNear(all, 671e9, within: 0.002))
    #expect(shape.cachedElements * 2 == 70_272 && shape.isLatent)
  }

  @Test func `is that of the bundled model's files`() throws {
    let root =
      "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
      + "/models/operator-moe/"
    let file = try #require(fopen(root + "config.json", "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, file)
    let shape = try ModelShape(config: JSONValue(parsing: Array(bytes.prefix(count))))
    var status = stat()
    try #require(stat(root + "model.safetensors", &status) == 0)
    let plan = RankPlan(
      shape: shape, ranks: 1, parameterBytes: try #require(shape.parameterBytes),
      deviceBytes: 1 << 30)
    #expect(isNear(Double(plan.weightBytes), Double(status.st_size), within: 0.02))
  }

  @Test func `of a dense model of Llama's kind counts heads and no experts`() throws {
    // Llama-3-8B: 8.03 billion parameters, 128 KiB of keys and values a token.
    let shape = try shape(
      """
      {"hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 128256, "intermediate_size": 14336,
       "num_attention_heads": 32, "num_key_value_heads": 8, "torch_dtype": "bfloat16"}
      """)
    #expect(isNear(Double(shape.plainParameters + shape.denseParameters), 8.03e9))
    #expect(shape.cachedElements * 2 == 131_072 && !shape.isLatent && shape.experts == 0)
    var plan = RankPlan(shape: shape, ranks: 1, parameterBytes: 2, deviceBytes: 80_000_000_000)
    let whole = plan.weightBytes
    plan.devicesPerRank = 2
    #expect(plan.weightBytes == whole / 2 && plan.tokenBytes == 65_536)
  }

  @Test func `is unknown without its numbers`() {
    #expect(throws: PlanningError.missing("hidden_size")) { try shape("{}") }
    for (from, to) in [("7168", "71680000000"), ("\"num_hidden_layers\": 61", "\"num_hidden_layers\": 0")] {
      #expect(throws: PlanningError.self) { try shape(deepSeekV3.replacing(from, with: to)) }
    }
    #expect(throws: PlanningError.implausible("num_hidden_layers")) {
      try shape(deepSeekV3.replacing("61", with: "500000").replacing("18432", with: "500000"))
    }
  }
}

@Suite struct `A rank's memory` {
  private func plan(ranks: Int, deviceBytes: Int) throws -> RankPlan {
    let shape = try shape(deepSeekV3)
    var plan = RankPlan(
      shape: shape, ranks: ranks, parameterBytes: try #require(shape.parameterBytes),
      deviceBytes: deviceBytes)
    plan.reservedBytes = 6_000_000_000
    return plan
  }

  @Test func `holds a sixteenth of the experts and all of the rest`() throws {
    let plan = try plan(ranks: 16, deviceBytes: 141_000_000_000)
    #expect(plan.expertsPerRank == 16)
    #expect(isNear(Double(plan.expertBytes), 40.9e9))
    #expect(isNear(Double(plan.replicatedBytes), 19.1e9))
    #expect(isNear(Double(plan.cacheTokens), 868_000))
    #expect(plan.cacheTokens.isMultiple(of: 16))
  }

  @Test func `does not fit eight times on 80 GB, and says how many ranks would`() throws {
    let plan = try plan(ranks: 8, deviceBytes: 80_000_000_000)
    #expect(plan.cacheBytes < 0 && plan.cacheTokens == 0 && !plan.fits(length: 1))
    let least = try #require(plan.leastRanks(length: 16_384))
    #expect(least > 8 && least <= 16)
    var enough = plan
    enough.ranks = least
    #expect(enough.fits(length: 16_384))
    enough.ranks = least - 1
    #expect(!enough.fits(length: 16_384))
  }

  @Test func `is never enough on a device that is too small for what each rank has`() throws {
    #expect(try plan(ranks: 16, deviceBytes: 16_000_000_000).leastRanks(length: 1) == nil)
  }

  @Test func `grows with redundant experts, and gives the cache what was asked`() throws {
    var plan = try plan(ranks: 16, deviceBytes: 141_000_000_000)
    let before = plan.expertBytes
    plan.redundantExperts = 16
    #expect(plan.expertsPerRank == 17 && plan.expertBytes > before)
    plan.cacheBytesWanted = 70_272 * 16 * 10
    #expect(plan.cacheTokens == 160)
  }

  @Test func `of accelerators is known by their names`() {
    #expect(Accelerator.bytes("h100") == 81_559 << 20)
    #expect(Accelerator.bytes("abacus") == nil && Accelerator.names.contains("H200"))
  }
}

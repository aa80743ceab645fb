import HTTP
import JSON
import Platform
import Testing

@Suite struct `An engine serves each architecture` {
  @Test(arguments: ["deepseek-v3-yarn", "deepseek-v2", "mixtral", "qwen3-moe"])
  @Loop func `with transformers' tokens, from two ranks in small chunks`(name: String) async throws {
    let folder = Fixtures.root + "/Tests/Fixtures/\(name)-toy"
    let golden = try Fixtures.json(folder + "/golden.json")
    let group = try await EngineGroup(
      2, model: folder,
      arguments: [
        "--dtype", "float32", "--max-num-seqs", "8", "--max-num-batched-tokens", "48", "--moe-dp-chunk-size",
        "16",
      ])
    for (index, entry) in try #require(golden["prompts"]?.elements).enumerated() {
      let ids: (String) -> [Int32] = { entry[$0]?.elements?.compactMap { $0.integer.map(Int32.init) } ?? [] }
      let expected = ids("greedy")
      let tokens = try await group.ranks[index % 2].greedy(ids("prompt"), count: expected.count)
      #expect(expected.count == 16 && tokens == expected)
    }
    await group.stop()
  }
}

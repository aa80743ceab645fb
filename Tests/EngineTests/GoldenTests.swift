import Glibc
import HTTP
import JSON
import Platform
import Testing

/// Against what transformers computes (`Tests/Fixtures/make_toy_models.py`).
@Suite struct `A group of engines` {
  struct Prompt: Sendable {
    let name: String
    let tokens: [Int32]
    let greedy: [Int32]
  }

  static func prompts() throws -> [Prompt] {
    let golden = try Fixtures.json(Fixtures.toy + "/golden.json")
    return try #require(golden["prompts"]?.elements).map { entry in
      let ids: (String) -> [Int32] = { entry[$0]?.elements?.compactMap { $0.integer.map(Int32.init) } ?? [] }
      return Prompt(name: entry["name"]?.string ?? "", tokens: ids("prompt"), greedy: ids("greedy"))
    }
  }

  /// All prompts go to all ranks at once, so prefills and decodes of several sequences mix in every step.
  @Test(arguments: [1, 2, 4])
  @Loop func `gives transformers' tokens, whatever its size`(world: Int) async throws {
    let prompts = try Self.prompts()
    // A small budget and chunk force chunked prefill and several exchanges a layer.
    let group = try await EngineGroup(
      world,
      arguments: ["--max-num-seqs", "8", "--max-num-batched-tokens", "48", "--moe-dp-chunk-size", "16"])
    let tasks = group.ranks.flatMap { rank in
      prompts.map { prompt in
        Task { @Loop in (prompt, try await rank.greedy(prompt.tokens, count: prompt.greedy.count)) }
      }
    }
    for task in tasks {
      let (prompt, tokens) = try await task.value
      #expect(tokens == prompt.greedy, "\(prompt.name) at \(world) ranks")
    }
    try await expectEachRowOnce(group, prompts)
    await group.stop()
  }

  /// Every (token, layer, expert) was computed once by somebody: 2 layers with experts, 3 experts a token.
  @Loop private func expectEachRowOnce(_ group: EngineGroup, _ prompts: [Prompt]) async throws {
    // The last sampled token of a sequence is never run through the model; each rank warmed up with one token.
    let perRank = prompts.reduce(1) { $0 + $1.tokens.count + $1.greedy.count - 1 }
    var dispatched = 0.0
    var computed = 0.0
    for rank in group.ranks {
      #expect(try await rank.metric("dpdeploy:expert_rows_dispatched_total") == Double(perRank * 2 * 3))
      dispatched += try await rank.metric("dpdeploy:expert_rows_dispatched_total")
      computed += try await rank.metric("dpdeploy:expert_rows_computed_total")
    }
    #expect(computed == dispatched)
  }

  /// 24 blocks hold the longest sequence and little more, so sequences lose their blocks and are computed anew.
  @Test @Loop func `gives the same tokens when the KV cache is too small for all`() async throws {
    let group = try await EngineGroup(
      1, arguments: ["--max-model-len", "256", "--num-gpu-blocks-override", "24", "--max-num-seqs", "16"])
    let long = try #require(try Self.prompts().last)
    let short = try #require(try Self.prompts().first)
    let alone = try await group.ranks[0].greedy(short.tokens, count: 150)
    let tasks = (0..<6).map { index in
      Task { @Loop in
        index == 0
          ? (try await group.ranks[0].greedy(long.tokens, count: 16), long.greedy)
          : (try await group.ranks[0].greedy(short.tokens, count: 150), alone)
      }
    }
    for task in tasks {
      let (tokens, expected) = try await task.value
      #expect(tokens == expected)
    }
    #expect(try await group.ranks[0].metric("vllm:num_preemptions_total") > 0)
    #expect(try await group.ranks[0].metric("vllm:kv_cache_usage_perc") == 0)
    await group.stop()
  }

  @Test @Loop func `gives the same tokens from cached prefixes`() async throws {
    let group = try await EngineGroup(1, arguments: ["--enable-prefix-caching"])
    let prompt = try #require(try Self.prompts().last)
    for _ in 0..<2 { #expect(try await group.ranks[0].greedy(prompt.tokens, count: 16) == prompt.greedy) }
    // 9 whole blocks of the 150 tokens; the second time they were there.
    #expect(try await group.ranks[0].metric("vllm:prefix_cache_hits_total") == 144)
    await group.stop()
  }

  @Test @Loop func `stops stepping while one of its ranks is stopped, and goes on with it`() async throws {
    let group = try await EngineGroup(2)
    let prompt = try #require(try Self.prompts().first)
    let expected = try await group.ranks[0].greedy(prompt.tokens, count: 1000)
    let task = Task { @Loop in try await group.ranks[0].greedy(prompt.tokens, count: 1000) }
    let before = try await group.ranks[0].metric("dpdeploy:steps_total")
    while try await group.ranks[0].metric("dpdeploy:steps_total") < before + 3 {}
    group.ranks[1].process.send(SIGSTOP)
    var steps = -1.0
    var unchanged = 0
    let deadline = Instant.after(.seconds(10))
    while unchanged < 50 {
      let now = try await group.ranks[0].metric("dpdeploy:steps_total")
      unchanged = now == steps ? unchanged + 1 : 0
      steps = now
      try #require(Instant.now < deadline, "it goes on stepping")
    }
    #expect(try await group.ranks[0].metric("vllm:num_requests_running") == 1)
    group.ranks[1].process.send(SIGCONT)
    #expect(try await task.value == expected)
    await group.stop()
  }

  @Test @Loop func `steps for one busy rank and pauses for none`() async throws {
    let group = try await EngineGroup(2)
    let prompt = try #require(try Self.prompts().first)
    #expect(try await group.ranks[0].greedy(prompt.tokens, count: 16) == prompt.greedy)
    #expect(try await group.ranks[1].metric("dpdeploy:dummy_steps_total") >= 16)
    #expect(try await group.ranks[1].metric("vllm:generation_tokens_total") == 0)
    let steps = try await group.ranks[1].metric("dpdeploy:steps_total")
    #expect(try await group.ranks[1].greedy(prompt.tokens, count: 16) == prompt.greedy)
    // The pause between the two requests counted no steps: 16 more, and what the two ranks' notice of them costs.
    #expect(try await group.ranks[1].metric("dpdeploy:steps_total") <= steps + 18)
    await group.stop()
  }
}

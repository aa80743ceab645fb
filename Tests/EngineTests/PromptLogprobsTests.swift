import HTTP
import JSON
import Platform
import Testing

@testable import Engine

/// Against the logits that transformers computes (`Tests/Fixtures/make_toy_models.py`).
@Suite struct `Log probabilities of a prompt` {
  private static let top = 3

  /// What must be told of the prompt's last tokens; of the long one the logits of so many only were kept.
  private static func expected(_ prompt: `A group of engines`.Prompt) throws -> [TokenDistribution] {
    let rows = try Fixtures.goldenLogits(prompt.name).dropLast()
    return zip(rows, prompt.tokens.suffix(rows.count)).map { TokenDistribution($0, chosen: $1, top: top) }
  }

  @Loop private func complete(_ rank: EngineRank, _ prompt: [Int32], _ fields: String) async throws
    -> JSONValue
  {
    let answer = try await rank.post(
      "/v1/completions", #"{"prompt":\#(prompt),"temperature":0,"ignore_eos":true,\#(fields)}"#)
    try #require(answer.status == 200, "\(answer.json)")
    return answer.json
  }

  private func expect(_ told: JSONValue?, _ prompt: `A group of engines`.Prompt) throws {
    let places = try #require(told?.elements)
    let comment = prompt.name
    #expect(places.count == prompt.tokens.count && places.first == .null)
    #expect(places.dropFirst().allSatisfy { $0.members != nil })
    let expected = try Self.expected(prompt)
    for (place, distribution) in zip(places.suffix(expected.count), expected) {
      let members = try #require(place.members)
      let own = try #require(members.first)
      #expect(own.name == String(distribution.chosen.token), "\(comment)")
      #expect(
        abs((own.value["logprob"]?.double ?? 9) - Double(distribution.chosen.logprob)) < 1e-3, "\(comment)")
      let likeliest = members.filter { ($0.value["rank"]?.integer ?? 0) <= Self.top }
        .sorted { ($0.value["rank"]?.integer ?? 0) < ($1.value["rank"]?.integer ?? 0) }
        .map { $0.value["logprob"]?.double ?? 9 }
      #expect(likeliest.count == Self.top, "\(comment)")
      #expect(
        zip(likeliest, distribution.top).allSatisfy { abs($0 - Double($1.logprob)) < 1e-3 }, "\(comment)")
      // Two tokens may be as likely as each other but for the last bits.
      #expect(abs((own.value["rank"]?.integer ?? 0) - distribution.chosenRank) <= 1, "\(comment)")
    }
  }

  /// The long prompt takes several steps of 48 tokens, whose rows are scored eight at a time; the second time it is in the
  /// prefix cache.
  @Test(arguments: [1, 2])
  @Loop func `are transformers', in chunks, beside others and with a cached prefix`(world: Int) async throws {
    let group = try await EngineGroup(
      world,
      arguments: ["--max-num-seqs", "8", "--max-num-batched-tokens", "48", "--enable-prefix-caching"])
    let prompts = try `A group of engines`.prompts()
    for _ in 0..<2 {
      let tasks = group.ranks.flatMap { rank in
        prompts.map { prompt in
          Task { @Loop in
            (
              prompt,
              try await complete(rank, prompt.tokens, #""max_tokens":4,"prompt_logprobs":\#(Self.top)"#)
            )
          }
        }
      }
      for task in tasks {
        let (prompt, answer) = try await task.value
        let choice = answer["choices"]?.elements?.first
        try expect(choice?["prompt_logprobs"], prompt)
        #expect(choice?["logprobs"] == .null)
      }
    }
    await group.stop()
  }

  /// 24 blocks are too few for all, so prompts lose theirs and are computed anew.
  @Test @Loop func `are the same where sequences are preempted`() async throws {
    let group = try await EngineGroup(
      1, arguments: ["--max-model-len", "256", "--num-gpu-blocks-override", "24", "--max-num-seqs", "16"])
    let prompt = try #require(try `A group of engines`.prompts().first)
    let tasks = (0..<6).map { _ in
      Task { @Loop in
        try await complete(group.ranks[0], prompt.tokens, #""max_tokens":150,"prompt_logprobs":\#(Self.top)"#)
      }
    }
    for task in tasks {
      let choice = try await task.value["choices"]?.elements?.first
      try expect(choice?["prompt_logprobs"], prompt)
    }
    #expect(try await group.ranks[0].metric("vllm:num_preemptions_total") > 0)
    await group.stop()
  }

  @Test @Loop func `come with an echo, of which nothing need follow`() async throws {
    let group = try await EngineGroup(1)
    let rank = group.ranks[0]
    let prompt = try #require(try `A group of engines`.prompts().first)
    let expected = try Self.expected(prompt).map { Double($0.chosen.logprob) }
    let echo = #""echo":true,"logprobs":\#(Self.top),"#
    let alone = try await complete(rank, prompt.tokens, echo + #""max_tokens":0"#)
    #expect(alone["usage"]?["completion_tokens"]?.integer == 0)
    let choice = try #require(alone["choices"]?.elements?.first)
    #expect(choice["finish_reason"]?.string == "length")
    let told = try #require(choice["logprobs"]?["token_logprobs"]?.elements)
    #expect(told.first == .null && choice["logprobs"]?["top_logprobs"]?.elements?.first == .null)
    #expect(told.count == prompt.tokens.count)
    #expect(zip(told.dropFirst(), expected).allSatisfy { abs(($0.double ?? 9) - $1) < 1e-3 }, "\(told)")
    let whole = try await complete(rank, prompt.tokens, echo + #""max_tokens":3"#)
    let longer = try #require(whole["choices"]?.elements?.first?["logprobs"])
    #expect(longer["tokens"]?.elements?.count == prompt.tokens.count + 3)
    #expect(longer["token_logprobs"]?.elements?.prefix(told.count).elementsEqual(told) == true)
    try await expectStream(rank, prompt.tokens, echo + #""max_tokens":3"#, longer)
    await group.stop()
  }

  /// A stream tells piece by piece what a whole answer tells.
  @Loop private func expectStream(
    _ rank: EngineRank, _ prompt: [Int32], _ fields: String, _ whole: JSONValue
  ) async throws {
    let answer = try await rank.stream(
      "/v1/completions",
      #"{"prompt":\#(prompt),"temperature":0,"ignore_eos":true,\#(fields),"stream":true}"#)
    var bytes: [UInt8] = []
    while let piece = try await answer.read(until: .after(.seconds(30))) { bytes += piece }
    let pieces = try String(decoding: bytes, as: UTF8.self).split(separator: "\n\n").dropLast().compactMap {
      try JSONValue(parsing: String($0.dropFirst(6)))["choices"]?.elements?.first?["logprobs"]
    }
    for list in ["tokens", "token_logprobs", "top_logprobs"] {
      #expect(pieces.flatMap { $0[list]?.elements ?? [] } == whole[list]?.elements, "\(list)")
    }
  }
}

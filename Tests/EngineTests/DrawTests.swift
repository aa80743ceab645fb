import Glibc
import JSON
import Platform
import Testing

@testable import Engine

@Suite struct `A draw` {
  private func shaped(
    _ logits: [Float], _ shaping: LogitShaping, prompt: Set<Int32> = [], output: [Int32: Int] = [:]
  ) -> [Float] {
    var logits = logits
    logits.withUnsafeMutableBufferPointer { shaping.apply(to: $0, prompt: prompt, output: output) }
    return logits
  }

  @Test func `is changed by bias and penalties as vLLM does`() {
    #expect(shaped([1, -2, 3], LogitShaping(bias: [1: 5, 9: 1])) == [1, 3, 3])
    #expect(shaped([1, -2, 3], LogitShaping(repetition: 2), prompt: [1], output: [2: 4]) == [1, -4, 1.5])
    #expect(shaped([1, 2, 3], LogitShaping(frequency: 0.5), output: [0: 2, 2: 1]) == [0, 2, 2.5])
    #expect(shaped([1, 2, 3], LogitShaping(presence: 0.5), output: [0: 2, 2: 1]) == [0.5, 2, 2.5])
  }

  @Test func `tells the log probabilities of the likeliest tokens`() {
    let distribution = TokenDistribution([0, 2, 1, 2], chosen: 2, top: 3)
    #expect(distribution.top.map(\.token) == [1, 3, 2])
    let total =
      distribution.top.reduce(0) { $0 + exp($1.logprob) }
      + exp(TokenDistribution([0, 2, 1, 2], chosen: 0, top: 0).chosen.logprob)
    #expect(abs(total - 1) < 1e-6)
    #expect(distribution.chosen == distribution.top[2])
  }

  /// The golden logits of transformers at the position after a prompt, through the whole engine.
  @Test(arguments: [1, 2])
  @Loop func `has transformers' log probabilities`(world: Int) async throws {
    let group = try await EngineGroup(world)
    let prompts = try `A group of engines`.prompts()
    let prompt = prompts[0]
    let body =
      #"{"prompt":\#(prompt.tokens),"max_tokens":1,"temperature":0,"logprobs":20,"return_token_ids":true}"#
    let answer = try await group.ranks[world - 1].post("/v1/completions", body)
    let choice = try #require(answer.json["choices"]?.elements?.first)
    let logprobs = try #require(choice["logprobs"])
    let expected = TokenDistribution(
      try #require(try Fixtures.goldenLogits(prompt.name).last), chosen: prompt.greedy[0], top: 20)
    let told = try #require(logprobs["token_logprobs"]?.elements?.first?.double)
    #expect(abs(told - Double(expected.chosen.logprob)) < 1e-4)
    let top = try #require(logprobs["top_logprobs"]?.elements?.first?.members)
    let values = top.compactMap(\.value.double)
    // Tokens are named by their text here, and two of those that are no whole character may share one.
    #expect(values.count == 20)
    #expect(zip(values, expected.top).allSatisfy { abs($0 - Double($1.logprob)) < 1e-4 }, "\(values)")
    await group.stop()
  }
}

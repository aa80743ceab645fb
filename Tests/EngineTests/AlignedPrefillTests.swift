import HTTP
import JSON
import Platform
import Testing

/// `prefill_schedule_interval`: prompts of all ranks begin in the same steps.
@Suite struct `Prompts that begin together` {
  /// The steps of the last ones in which prompts began on a rank: those with more tokens than it has sequences.
  @Loop private func prefills(_ rank: EngineRank) async throws -> [Int] {
    let trace = try JSONValue(parsing: Array(try await rank.get("/debug/trace?steps=400").text.utf8))
    let events = try #require(trace["traceEvents"]?.elements)
    return events.filter { $0["name"]?.string == "step" && ($0["args"]?["tokens"]?.integer ?? 0) >= 20 }
      .compactMap { $0["args"]?["step"]?.integer }
  }

  @Test @Loop func `on all ranks of a group do so on every nth step only`() async throws {
    let group = try await EngineGroup(2, arguments: ["--prefill-schedule-interval", "8"])
    let prompt = Array(repeating: Int32(5), count: 20)
    let expected = try await group.ranks[0].greedy(prompt, count: 40)
    for count in [40, 30, 20, 40] {
      let tasks = (0..<6).map { index in
        let rank = group.ranks[index % 2]
        return Task { try await rank.greedy(prompt, count: count) }
      }
      for task in tasks { #expect(try await task.value == Array(expected.prefix(count))) }
    }
    for rank in group.ranks {
      let steps = try await prefills(rank)
      #expect(steps.count >= 3)
      #expect(steps.allSatisfy { $0.isMultiple(of: 8) }, "\(steps)")
    }
    await group.stop()
  }
}

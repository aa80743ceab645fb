import Glibc
import HTTP
import Platform
import Testing

@testable import Engine

/// A live group takes ranks in and lets ranks go, at the border of a step, and no token changes by that.
@Suite struct `A group that changes its size` {
  private static let arguments = ["--failure-policy", "recover", "--data-parallel-capacity", "5"]
  private static let prompt: [Int32] = [5, 6, 7]
  private static let count = 600

  @Loop private func expected() async throws -> [Int32] {
    let alone = try await EngineGroup(1)
    let ids = try await alone.ranks[0].greedy(Self.prompt, count: Self.count)
    await alone.stop()
    return ids
  }

  @Test @Loop func `grows under load, and the newcomers compute experts and requests`() async throws {
    let expected = try await expected()
    let group = try await EngineGroup(2, arguments: Self.arguments)
    let rank = group.ranks[0]
    let load = Task { try await rank.greedy(Self.prompt, count: Self.count) }
    for _ in 0..<2 { try await group.grow() }
    #expect(try await load.value == expected)
    for rank in group.ranks {
      #expect(try await rank.greedy(Self.prompt, count: Self.count) == expected)
      #expect(try await rank.metric("dpdeploy:expert_rows_computed_total") > 0)
    }
    #expect(try await group.ranks[0].metric("dpdeploy:group_ranks") == 4)
    await group.stop()
  }

  @Test @Loop func `shrinks by a rank that is asked to end: it finishes, leaves, and the others go on`()
    async throws
  {
    let expected = try await expected()
    let group = try await EngineGroup(3, arguments: Self.arguments)
    let (first, last) = (group.ranks[0], group.ranks[2])
    let kept = Task { try await first.greedy(Self.prompt, count: Self.count) }
    let leaving = Task { try await last.greedy(Self.prompt, count: Self.count) }
    let deadline = Instant.after(.seconds(20))
    while try await last.metric("vllm:num_requests_running") < 1, Instant.now < deadline {
      await Loop.sleep(for: .milliseconds(2))
    }
    last.process.send(SIGTERM)
    #expect(try await leaving.value == expected)
    let end = await last.end()
    #expect(end == .exited(0), "\(last.log)")
    #expect(!last.log.contains("ends before the other ranks"), "\(last.log)")
    #expect(try await kept.value == expected)
    #expect(try await first.greedy(Self.prompt, count: Self.count) == expected)
    #expect(try await first.metric("dpdeploy:group_ranks") == 2)
    // The lowest proposes views; that it goes is no hindrance. Nobody has work now.
    group.ranks[0].process.send(SIGTERM)
    #expect(await group.ranks[0].end() == .exited(0), "\(group.ranks[0].log)")
    #expect(try await group.ranks[1].greedy(Self.prompt, count: Self.count) == expected)
    #expect(try await group.ranks[1].metric("dpdeploy:group_ranks") == 1)
    // Its place may be taken again.
    try await group.replace(0)
    #expect(try await group.ranks[0].greedy(Self.prompt, count: Self.count) == expected)
    await group.stop()
  }

  @Test func `a rank beyond the capacity is refused`() {
    #expect {
      try EngineOptions(parsing: [
        "--model", "m", "--data-parallel-size", "2", "--data-parallel-capacity", "3", "--data-parallel-rank",
        "3",
        "--group-fd", "7",
      ])
    } throws: {
      "\($0)" == "--data-parallel-rank 3 is not below --data-parallel-capacity 3"
    }
  }
}

import JSON
import Platform
import Testing

/// Expert parallelism as real processes show it: who computed what, and what was moved.
@Suite struct `Expert parallelism` {
  struct Place: Hashable {
    let layer: Int
    let expert: Int
  }

  /// Rows that a rank's own experts computed, by layer and expert.
  @Loop private func load(_ rank: EngineRank) async throws -> [Place: Int] {
    var load: [Place: Int] = [:]
    for line in try await rank.get("/metrics").text.split(separator: "\n")
    where line.hasPrefix("dpdeploy:expert_load_total{") {
      let number = { (name: String) -> Int? in
        let parts = line.split(separator: name + "=\"")
        return parts.count == 2 ? Int(parts[1].prefix { $0.isNumber }) : nil
      }
      let place = Place(layer: try #require(number("layer")), expert: try #require(number("expert")))
      let value = try #require(line.split(separator: " ").last)
      let rows: Int = try #require(Int(value))
      load[place] = rows
    }
    return load
  }

  /// What one engine alone computes: at the start, and for all prompts.
  @Loop private func alone(
    _ prompts: [`A group of engines`.Prompt]
  ) async throws -> (start: [Place: Int], prompts: [Place: Int]) {
    let group = try await EngineGroup(1)
    let start = try await load(group.ranks[0])
    for prompt in prompts { _ = try await group.ranks[0].greedy(prompt.tokens, count: prompt.greedy.count) }
    let end = try await load(group.ranks[0])
    await group.stop()
    return (start, end.merging(start) { $0 - $1 })
  }

  @Test(arguments: [(2, "linear"), (4, "linear"), (4, "round_robin")])
  @Loop func `has every token, layer and expert computed once, by the owner`(
    world: Int, strategy: String
  ) async throws {
    let prompts = try `A group of engines`.prompts()
    let expected = try await alone(prompts)
    let configuration = try Fixtures.json(Fixtures.toy + "/config.json")
    let experts = try #require(configuration["n_routed_experts"]?.integer)
    let rowBytes = try #require(configuration["hidden_size"]?.integer) * 4
    let group = try await EngineGroup(
      world, arguments: ["--moe-dp-chunk-size", "16", "--expert-placement-strategy", strategy])
    // All prompts go to rank 0, so every row of theirs that another rank computes was sent there and back.
    for prompt in prompts {
      #expect(try await group.ranks[0].greedy(prompt.tokens, count: prompt.greedy.count) == prompt.greedy)
    }
    var seen: [Place: Int] = [:]
    var remoteRows = 0
    for (index, rank) in group.ranks.enumerated() {
      let load = try await load(rank)
      for (place, rows) in load {
        #expect(seen[place] == nil, "\(place) is owned twice")
        seen[place] = rows - world * (expected.start[place] ?? 0)
        // Rank 0 sent them all there, and its own token of the start.
        if index > 0 { remoteRows += (seen[place] ?? 0) + (expected.start[place] ?? 0) }
        let owner =
          strategy == "linear" ? owner(place.expert, experts: experts, world: world) : place.expert % world
        #expect(owner == index)
      }
    }
    #expect(seen == expected.prompts)
    #expect(remoteRows > 0)
    for name in ["dispatched", "combined"] {
      let bytes = try await group.ranks[0].metric("dpdeploy:\(name)_bytes_total")
      #expect(bytes == Double(remoteRows * rowBytes), "\(name)")
    }
    await group.stop()
  }

  @Test @Loop func `moves experts by their load, changes no token by that, and tells`() async throws {
    let prompts = try `A group of engines`.prompts()
    let group = try await EngineGroup(
      4,
      arguments: [
        "--enable-eplb", "--eplb-config",
        #"{"window_size":8,"step_interval":8,"num_redundant_experts":4,"log_balancedness":true}"#,
      ])
    for (index, prompt) in prompts.enumerated() {
      let rank = group.ranks[index % 4]
      #expect(try await rank.greedy(prompt.tokens, count: prompt.greedy.count) == prompt.greedy)
    }
    var rows = (dispatched: 0.0, computed: 0.0)
    let rebalances = try await group.ranks[0].metric("dpdeploy:expert_rebalances_total")
    #expect(rebalances > 0)
    for rank in group.ranks {
      rows.dispatched += try await rank.metric("dpdeploy:expert_rows_dispatched_total")
      rows.computed += try await rank.metric("dpdeploy:expert_rows_computed_total")
      #expect(try await rank.metric("dpdeploy:expert_rebalances_total") == rebalances)
      #expect(try await rank.metric("dpdeploy:expert_moves_total") > 0)
      let share = try await rank.metric("dpdeploy:expert_balancedness")
      #expect(share > 0 && share <= 1)
    }
    #expect(rows.dispatched == rows.computed)
    #expect(await group.ranks[0].waitForLine(containing: "EPLB before step "))
    await group.stop()
  }

  /// The linear placement, said another way than the engine does.
  private func owner(_ expert: Int, experts: Int, world: Int) -> Int {
    var next = 0
    for rank in 0..<world {
      next += (experts - next + world - rank - 1) / (world - rank)
      if expert < next { return rank }
    }
    return world
  }
}

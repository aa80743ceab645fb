import JSON
import Testing

@testable import Ray

@Suite struct `A placement` {
  private func spots(_ group: Int) throws -> [Placement.Spot] {
    Placement.Spot.list(try PlacementGroup.list(Recorded.answer("placement_gang8"))[group])
  }

  @Test func `of a gang that Ray put on nodes as 3, 3 and 2 violates dp_size_per_node`() throws {
    let four = Placement(ranksPerNode: 4, ranksPerGroup: 8, ranksPerReplica: 1)
    let text = try #require(
      four.violation(
        try spots(0), names: ["d7b40c2d493e2a051176065108a93949e95f22cdd2a237637082669f": "10.0.0.1"]))
    #expect(
      text.contains("dp_size_per_node is 4") && text.contains("3 on 10.0.0.1") && text.contains("2 on fc64"),
      "\(text)")
    #expect(four.violation(try spots(2)) == nil)
    let eight = Placement(ranksPerNode: 8, ranksPerGroup: 8, ranksPerReplica: 1)
    #expect(eight.violation(try spots(2)) != nil)
  }

  @Test func `of replicas that run whole blocks is never violated by two of them on a node`() throws {
    let actors = try ReplicaActor.list(Recorded.answer("actors_pending"))
    #expect(actors.count == 3 && actors.count(where: \.isAlive) == 2)
    let spots = Placement.Spot.list(actors, of: "a", "Agent")
    #expect(spots.count == 2 && spots.allSatisfy { $0.bundle == 0 } && Set(spots.map(\.node)).count == 2)
    #expect(Placement(ranksPerNode: 4, ranksPerGroup: 4, ranksPerReplica: 4).violation(spots) == nil)
    #expect(Placement.Spot.list(actors, of: "a", "Other").isEmpty)
  }

  @Test func `that waits is told with what it needs and who would have it`() throws {
    let groups = try PlacementGroup.list(Recorded.answer("placement_pending"))
    let nodes = try ClusterNode.list(Recorded.answer("nodes"))
    let own = groups.filter { $0.belongs(to: "a", "Agent") }
    #expect(own.count == 3 && !groups[0].belongs(to: "a", "Age") && !groups[0].belongs(to: "b", "Agent"))
    #expect(
      Placement.waiting(own, on: nodes)
        == "a placement group waits (NO_RESOURCES, 37 tries): {CPU: 4} is free on no node; 127.0.0.3, 127.0.0.4 would have it if empty"
    )
    #expect(Placement.waiting(own, on: [])?.hasSuffix("no node has {CPU: 4}") == true)
    #expect(Placement.waiting(own.filter { $0.state == "CREATED" }, on: nodes) == nil)
  }

  @Test func `that no empty cluster of these nodes could hold is refused with what each has`() throws {
    let nodes = try ClusterNode.list(Recorded.answer("nodes"))
    let placement = Placement(ranksPerNode: 4, ranksPerGroup: 4, ranksPerReplica: 4)
    try placement.check(blocks: 2, of: ["CPU": 4], on: nodes)
    do {
      try placement.check(blocks: 3, of: ["CPU": 4], on: nodes)
      Issue.record("three blocks were let through")
    } catch {
      #expect(error.exitCode == 4)
      #expect(
        error.description.hasPrefix(
          "3 blocks of 4 ranks need {CPU: 4} each on one node: 127.0.0.3 (CPU: 4) has room for 1"),
        "\(error)")
    }
    #expect(throws: RayError.self) { try placement.check(blocks: 1, of: ["GPU": 4], on: nodes) }
  }

  @Test func `is unknown, not empty, when the state API fails`() {
    #expect(throws: RayError.notUnderstood("Failed to query")) {
      try PlacementGroup.list(
        .object([.init("result", .bool(false)), .init("msg", .string("Failed to query"))]))
    }
  }
}

import JSON
import Testing

@testable import Ray

@Suite struct `A placement` {
  private let four = Placement(ranksPerNode: 4, ranksPerGroup: 8, ranksPerReplica: 1)

  private func recorded(_ group: Int) throws -> Gang {
    let group = try PlacementGroup.list(Recorded.answer("placement_gang8"))[group]
    return Gang(id: group.id, nodes: group.bundles.map(\.node), replicas: [:])
  }

  /// A gang whose bundles stand on the nodes of these letters.
  private func gang(_ nodes: String) -> Gang {
    Gang(
      id: "g", nodes: nodes.map { $0 == "-" ? nil : String($0) },
      replicas: Dictionary(uniqueKeysWithValues: nodes.indices.enumerated().map { ("r\($0.0)", $0.0) }))
  }

  @Test func `of a gang that Ray put on nodes as 3, 3 and 2 violates dp_size_per_node`() throws {
    let text = try #require(
      four.violation(
        [try recorded(0)], names: ["d7b40c2d493e2a051176065108a93949e95f22cdd2a237637082669f": "10.0.0.1"]))
    #expect(
      text.hasPrefix(
        "dp_size_per_node is 4, but Ray put a group's ranks as 0-2 on 10.0.0.1, 3-5 on 85897452, 6-7 on fc64b459; "
      ),
      "\(text)")
    #expect(four.violation([try recorded(2)]) == nil)
    let eight = Placement(ranksPerNode: 8, ranksPerGroup: 8, ranksPerReplica: 1)
    #expect(eight.violation([try recorded(2)]) != nil)
  }

  @Test(
    arguments: [
      ("AAAAAAAA", "0-7 on A"), ("AAAABBBA", "0-3+7 on A, 4-6 on B"),
      ("ABABABAB", "0+2+4+6 on A, 1+3+5+7 on B"), ("AAABBBBB", "0-2 on A, 3-7 on B"),
    ])
  func `is violated unless each node has exactly one block of consecutive ranks`(
    _ nodes: String, _ told: String
  ) {
    #expect(four.violation([gang("BBBBAAAA"), gang("AAAABBBB")]) == nil)
    let violation = four.violation([gang("AAAABBBB"), gang(nodes)])
    #expect(violation?.contains("ranks as \(told); give") == true, "\(String(describing: violation))")
  }

  @Test func `counts ranks of several bundles, one for each of their devices`() {
    #expect(four.violation([gang("AAAAAAAABBBBBBBB")]) == nil)
    #expect(four.violation([gang("AAAAAAABABBBBBBB")])?.contains("0-4 on A, 3-7 on B") == true)
    #expect(four.rank(of: 10, in: gang("AAAAAAAABBBBBBBB")) == 5)
    #expect(four.rank(of: 2, in: gang("AAA")) == nil)
  }

  @Test func `is not known while a bundle's node or a replica's bundle is not`() {
    #expect(four.isComplete([gang("AAAABBBB")], replicas: 8))
    #expect(!four.isComplete([gang("AAAABBBB")], replicas: 16))
    #expect(!four.isComplete([], replicas: 8))
    let part = gang("AAAABBB-")
    #expect(!four.isComplete([part], replicas: 8) && four.violation([part]) == nil)
  }

  @Test func `of replicas that run whole blocks is never violated by two of them on a node`() throws {
    let actors = try ReplicaActor.list(Recorded.answer("actors_pending"))
    let groups = try PlacementGroup.list(Recorded.answer("placement_pending"))
    #expect(actors.count == 3 && actors.count(where: \.isAlive) == 2)
    let gangs = Gang.list(actors, in: groups, of: "a", "Agent")
    #expect(gangs.count == 2 && gangs.allSatisfy { $0.nodes.count == 1 && $0.replicas.count == 1 })
    let blocks = Placement(ranksPerNode: 4, ranksPerGroup: 4, ranksPerReplica: 4)
    #expect(blocks.violation(gangs) == nil && blocks.isComplete(gangs, replicas: 2))
    #expect(blocks.violation([gang("A"), gang("A")]) == nil && !blocks.isComplete(gangs, replicas: 3))
    #expect(Gang.list(actors, in: groups, of: "a", "Other").isEmpty)
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

  @Test func `that others leave no room for is refused with what is free`() throws {
    let usage = try #require(ClusterUsage(try Recorded.answer("cluster_status")))
    let taken = try #require(usage.taken.values.first)
    #expect(taken["CPU"] == 6.2 && usage.time == 1795484071.089668)
    #expect(ClusterUsage(.object([])) == nil)
    let nodes = try ClusterNode.list(Recorded.answer("nodes"))
    let placement = Placement(ranksPerNode: 4, ranksPerGroup: 4, ranksPerReplica: 4)
    let one = [nodes[0].id: ["CPU": 0.5]]
    try placement.check(blocks: 1, of: ["CPU": 4], on: nodes, taken: one)
    do {
      try placement.check(blocks: 2, of: ["CPU": 4], on: nodes, taken: one)
      Issue.record("two blocks were let through")
    } catch {
      #expect(error.description.contains("127.0.0.3 (CPU: 3.5 free) has room for 0"), "\(error)")
    }
  }

  @Test func `does not count what its own placement groups hold as taken by others`() throws {
    let groups = try PlacementGroup.list(Recorded.answer("placement_pending"))
    let node = try #require(groups[0].bundles[0].node)
    let usage = try #require(
      ClusterUsage(
        try JSONValue(
          parsing: Array(
            #"{"data":{"clusterStatus":{"time":1,"loadMetricsReport":{"usageByNode":{"\#(node)":{"CPU":[4.5,8]}}}}}}"#
              .utf8))))
    #expect(usage.without(groups) == [node: ["CPU": 0.5]])
  }

  @Test func `of a group on several nodes is not held by one large node`() throws {
    let nodes = try ClusterNode.list(Recorded.answer("nodes"))
    let large = Placement(ranksPerNode: 1, ranksPerGroup: 4, ranksPerReplica: 1)
    #expect(throws: RayError.self) { try large.check(blocks: 4, of: ["CPU": 1], on: nodes) }
    let small = Placement(ranksPerNode: 1, ranksPerGroup: 2, ranksPerReplica: 1)
    try small.check(blocks: 2, of: ["CPU": 1], on: nodes)
  }

  @Test func `is unknown, not empty, when the state API fails`() {
    #expect(throws: RayError.notUnderstood("Failed to query")) {
      try PlacementGroup.list(
        .object([.init("result", .bool(false)), .init("msg", .string("Failed to query"))]))
    }
  }
}

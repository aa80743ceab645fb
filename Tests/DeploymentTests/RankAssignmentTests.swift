import Testing

@testable import Deployment

@Suite struct `Rank assignment` {
  private func assign(
    groups: Int, size: Int, perNode: Int, nodes: Int, devices: Int
  ) throws(PlacementError) -> [[Int]] {
    let engine = EngineSpec(size: size, sizePerNode: perNode, capacity: 1, arguments: [])
    return try RankAssignment(
      groups: groups, engine: engine, cluster: ClusterSpec(nodes: nodes, devicesPerNode: devices)
    ).nodes
  }

  @Test func `the seed's sixteen ranks stand on two nodes in whole blocks`() throws {
    let nodes = try assign(groups: 1, size: 16, perNode: 8, nodes: 2, devices: 8)
    #expect(nodes == [Array(repeating: 0, count: 8) + Array(repeating: 1, count: 8)])
  }

  @Test func `blocks of one group never share a node, even where there is room`() {
    #expect(throws: PlacementError.self) {
      try assign(groups: 1, size: 16, perNode: 8, nodes: 1, devices: 16)
    }
  }

  @Test func `groups share nodes where devices are left, and every feasible case is found`() throws {
    let nodes = try assign(groups: 3, size: 4, perNode: 2, nodes: 3, devices: 4)
    #expect(nodes == [[0, 0, 1, 1], [0, 0, 2, 2], [1, 1, 2, 2]])
  }

  @Test func `more groups never move those that stand`() throws {
    let two = try assign(groups: 2, size: 4, perNode: 2, nodes: 3, devices: 4)
    let three = try assign(groups: 3, size: 4, perNode: 2, nodes: 3, devices: 4)
    #expect(Array(three.prefix(2)) == two)
  }

  @Test func `nodes are parts of a machine, one after the other, and ranks fill theirs`() throws {
    let engine = EngineSpec(size: 4, sizePerNode: 2, capacity: 1, arguments: [])
    let assignment = try RankAssignment(
      groups: 2, engine: engine, cluster: ClusterSpec(nodes: 2, devicesPerNode: 5))
    #expect(assignment.places(devicesPerNode: 5) == [0, 1, 5, 6, 2, 3, 7, 8])
  }

  @Test func `too few nodes is an error with need and have`() throws {
    let error = try #require(throws: PlacementError.self) {
      try assign(groups: 1, size: 16, perNode: 8, nodes: 1, devices: 8)
    }
    #expect(
      error
        == .noRoom(
          group: 0, blocks: 2, sizePerNode: 8, free: 1, cluster: ClusterSpec(nodes: 1, devicesPerNode: 8)))
    #expect(error.description.contains("needs 2 nodes with 8 free devices each, has 1"))
  }

  @Test(arguments: [(16, 5), (3, 2), (4, 0)])
  func `blocks that do not divide the group are an error`(size: Int, perNode: Int) {
    #expect(throws: PlacementError.indivisible(size: size, sizePerNode: perNode)) {
      try assign(groups: 1, size: size, perNode: perNode, nodes: 9, devices: 16)
    }
  }
}

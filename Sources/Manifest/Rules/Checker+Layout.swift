extension Checker {
  /// Places whole blocks of ranks on whole nodes, or says what is needed and what there is.
  mutating func layout() -> ParallelLayout? {
    guard let size = integer(FieldPath.dataParallelSize) else { return nil }
    // A misspelled `data_parallel_size` was reported already; what its default does not fit is no second mistake.
    if !isGiven(FieldPath.dataParallelSize), diagnostics.hasErrors { return nil }
    let sizePerNode = integer(FieldPath.sizePerNode) ?? impliedSizePerNode(size)
    guard size.isMultiple(of: sizePerNode) else {
      reportUneven(size, sizePerNode)
      return nil
    }
    let mostGroups = groupBounds.maximum
    let blocks = mostGroups * size / sizePerNode
    let nodes = integer(FieldPath.nodes) ?? blocks
    let blocksPerNode = (blocks + nodes - 1) / nodes
    let impliedDevices = isGiven(FieldPath.sizePerNode) ? sizePerNode : blocksPerNode * sizePerNode
    let devices = integer(FieldPath.devices) ?? impliedDevices
    let layout = ParallelLayout(
      size: size, sizePerNode: sizePerNode, groups: startGroups, mostGroups: mostGroups, nodes: nodes,
      devicesPerNode: devices)
    return fits(layout) ? layout : nil
  }

  /// As many ranks on a node as it has devices, or as few as the given nodes allow; else all on one.
  private func impliedSizePerNode(_ size: Int) -> Int {
    if let devices = integer(FieldPath.devices) { return Self.divisors(of: size).last { $0 <= devices } ?? 1 }
    guard let nodes = integer(FieldPath.nodes) else { return size }
    return Self.divisors(of: size).first { $0 * nodes >= size } ?? size
  }

  private mutating func reportUneven(_ size: Int, _ sizePerNode: Int) {
    let below = Self.divisors(of: size).last { $0 < sizePerNode }
    let above = Self.divisors(of: size).first { $0 > sizePerNode }
    let choices = [below, above].compactMap { $0 }.map(String.init).joined(separator: " or ")
    diagnostics.report(
      .unevenNodes,
      "\(size) ranks do not divide into nodes of \(sizePerNode): need a divisor of \(size), have \(sizePerNode)",
      at: span(FieldPath.sizePerNode), note: mention(FieldPath.dataParallelSize),
      help: "set `dp_size_per_node` to \(choices)")
  }

  private mutating func fits(_ layout: ParallelLayout) -> Bool {
    let slots = layout.devicesPerNode / layout.sizePerNode
    if slots == 0 {
      reportMisfit(
        layout,
        "`dp_size_per_node` needs \(layout.sizePerNode) devices on a node, have \(layout.devicesPerNode)",
        at: span(FieldPath.sizePerNode) ?? span(FieldPath.devices),
        help: "set `cluster.devices` to \(layout.sizePerNode), or lower `dp_size_per_node`")
      return false
    }
    let nodesNeeded = max(
      layout.nodesPerGroup, (layout.mostGroups * layout.nodesPerGroup + slots - 1) / slots)
    guard nodesNeeded > layout.nodes else { return true }
    reportMisfit(
      layout,
      "\(layout.mostRanks) ranks in blocks of \(layout.sizePerNode) need \(nodesNeeded) "
        + "\(nodesNeeded == 1 ? "node" : "nodes"), have \(layout.nodes)",
      at: span(FieldPath.nodes) ?? span(FieldPath.devices),
      help: "set `cluster.nodes` to \(nodesNeeded), or lower `data_parallel_size`")
    return false
  }

  private mutating func reportMisfit(
    _ layout: ParallelLayout, _ message: String, at place: SourceSpan?, help: String
  ) {
    let have = layout.nodes * layout.devicesPerNode
    diagnostics.report(
      .doesNotFit, message, at: place,
      note: "need \(layout.mostRanks) devices (\(layout.mostGroups) x \(layout.size) ranks), "
        + "have \(have) (\(layout.nodes) x \(layout.devicesPerNode))",
      help: help)
  }

  static func divisors(of number: Int) -> [Int] {
    (1...max(1, number)).filter { number.isMultiple(of: $0) }
  }
}

extension Checker {
  /// What a Ray cluster needs to be told, and what only it has.
  mutating func checkCluster() {
    let isRay = word(FieldPath.backend, Backend.local) == .ray
    if isRay, !isGiven(FieldPath.clusterAddress) {
      diagnostics.report(
        .missingField, "`backend: ray` needs `cluster.address`", at: span(FieldPath.backend),
        help: "write the dashboard's address, such as `cluster: {address: \"10.0.0.5:8265\"}`")
    }
    let (own, reason) =
      isRay
      ? ([FieldPath.nodes, FieldPath.devices], "Ray knows its nodes")
      : ([FieldPath.clusterAddress, FieldPath.tokenFile, FieldPath.routePrefix], "it is for `backend: ray`")
    for path in own {
      guard let read = values[path] else { continue }
      let name = path.split(separator: ".").last.map(String.init) ?? path
      diagnostics.report(.noEffect, "`\(name)` has no effect here: \(reason)", at: read.keySpan)
    }
    if let prefix = text(FieldPath.routePrefix), !prefix.hasPrefix("/") {
      diagnostics.report(
        .badValue, "`route_prefix` must begin with `/`", at: span(FieldPath.routePrefix),
        help: "write `/\(prefix)`")
    }
  }

  /// Ranks of the bundled engine share memory, so on a cluster a group stands on one node.
  mutating func checkOneNode(_ layout: ParallelLayout) {
    guard engine == .bundled, word(FieldPath.backend, Backend.local) == .ray, layout.nodesPerGroup > 1 else {
      return
    }
    diagnostics.report(
      .notYet,
      "a group of the bundled engine over \(layout.nodesPerGroup) nodes of a Ray cluster comes later: its ranks share memory",
      at: span(FieldPath.sizePerNode), note: mention(FieldPath.dataParallelSize),
      help: "set `dp_size_per_node` to \(layout.size), and `num_replicas` to the groups you need")
  }
}

// Who computes what, and how that follows the load.
//
// Maps change only between two steps, at a step that all ranks count alike and from loads that all count alike. A rank
// that is still adding up the step before does so by its old map, for it changes its own when it gets there.
extension ExpertGroup {
  /// Called with each rebalancing on the lowest rank of the group, from the compute thread.
  public typealias RebalancingReport = (Rebalancing) -> Void

  /// The experts that this rank has a copy of in `layer`, ascending.
  public func ownExperts(layer: Int) -> [Int] { maps[layer].expertsOfRank[rank] }

  /// The maps that a view begins with.
  static func initialMaps(_ control: GroupControl, _ members: [Int]) -> [ExpertMap] {
    let map = ExpertMap(
      control.placement.spread(over: members), redundant: control.balancing?.redundantExperts ?? 0,
      members: members)
    return Array(repeating: map, count: control.shape.layers)
  }

  /// Begins anew with the present members.
  func restartBalancing() {
    maps = Self.initialMaps(control, membership.ranks)
    balancer?.restart()
    balance.restart()
  }

  /// Counts a step that all ranks run, and moves experts before it when that is due.
  func beginBalancedStep() {
    balance.beginStep()
    guard balancer?.beginStep() == true else { return }
    rebalance()
  }

  /// Notes what the planned exchange asks of each expert and each rank.
  func noteLoad(layer: Int) {
    balance.add(owned.rowsOfRank, layer: layer)
    control.balance.set(balance.balancedness(layer: layer, ranks: membership.ranks), layer: layer)
    balancer?.add(owned.rowsOfExpert, layer: layer)
  }

  private func rebalance() {
    guard let balancer else { return }
    let members = membership.ranks
    var (before, after, moves, loaded) = (0.0, 0.0, 0, 0)
    for layer in maps.indices {
      let loads = balancer.loads(layer: layer)
      // A layer that nobody asked for anything stays as it is.
      guard let balancedness = maps[layer].balancedness(loads, members: members) else { continue }
      let map = ExpertMap.balanced(
        loads, slots: shape.experts + balancer.settings.redundantExperts, members: members,
        world: shape.world)
      before += balancedness
      after += map.balancedness(loads, members: members) ?? 0
      moves += map.moves(from: maps[layer])
      loaded += 1
      maps[layer] = map
    }
    self.balancer?.clear()
    guard loaded > 0 else { return }
    balance.restart()
    let rebalancing = Rebalancing(
      step: step, balancedness: before / Double(loaded), expected: after / Double(loaded), moves: moves)
    control.balance.add(rebalancing)
    if members.first == rank { reportRebalancing?(rebalancing) }
  }
}

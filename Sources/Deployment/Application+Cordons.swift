import ControlAPI

/// Why a replica cannot be kept away from requests.
public enum CordonError: Error, Sendable, Equatable {
  /// There is none of that name.
  case noSuch(ReplicaName)
  /// Nobody else takes requests.
  case last(ReplicaName)
}

/// Replicas that an operator keeps new requests away from: their processes go on, and ranks stay in lock-step.
extension Application {
  /// Checks that `names` exist and that others take requests when these do not.
  ///
  /// - Parameter force: whether nobody may be left to take requests.
  public func checkCordon(_ names: Set<ReplicaName>, force: Bool) throws(CordonError) {
    if let stranger = names.first(where: { !exists($0) }) { throw .noSuch(stranger) }
    guard !force else { return }
    let all = cordons.union(names)
    for name in names.sorted(by: { $0.description < $1.description }) {
      let others =
        switch name {
        case .rank: takers.filter { if case .rank = $0 { true } else { false } }
        case .ingress, .front: takers.filter { if case .ingress = $0 { true } else { false } }
        }
      guard !others.subtracting(all).isEmpty else { throw .last(name) }
    }
  }

  /// Keeps new requests away from these replicas, and from no others.
  public mutating func setCordons(_ names: Set<ReplicaName>, at now: Duration) -> [Effect] {
    guard !isDeleting else { return [] }
    let before = cordons
    cordons = names.filter(exists)
    var effects: [Effect] = []
    for name in before.symmetricDifference(cordons).sorted(by: { $0.description < $1.description }) {
      let isOn = cordons.contains(name)
      if case .ingress(let index) = name { effects.append(.cordonIngress(index: index, isOn)) }
      effects.append(
        .record(
          EventRecord(
            .info, isOn ? .cordoned : .uncordoned, subject: name.description,
            isOn ? "\(name) gets no new requests; what it has it finishes" : "\(name) takes requests again")))
    }
    settle(at: now, &effects)
    return effects
  }

  /// A replica that is gone for good takes its cordon along: its name may be another's one day.
  mutating func forgetCordons(_ effects: inout [Effect]) {
    for name in cordons.filter({ !exists($0) }) {
      cordons.remove(name)
      effects.append(
        .record(
          EventRecord(
            .info, .uncordoned, subject: name.description, "\(name) is gone, and its cordon with it")))
    }
  }

  /// What to say about cordons where all else is well.
  func cordonMessage(_ isIncluded: (ReplicaName) -> Bool) -> String {
    let names = cordons.filter(isIncluded).map(\.description).sorted()
    guard !names.isEmpty else { return "" }
    let list = names.joined(separator: " ")
    return "\(list) cordoned: no new requests; next: `dpdeploy uncordon \(spec.name) \(list)`"
  }

  private func exists(_ name: ReplicaName) -> Bool {
    switch name {
    case .rank(let group, let rank):
      groups.contains { $0.index == group && $0.ranks.indices.contains(rank) && !$0.isLeaving }
    case .ingress(let index): ingress.replicas.contains { $0.index == index && $0.isWanted }
    // There is nobody whom clients could go to instead.
    case .front: false
    }
  }

  /// Who would take requests if nobody were cordoned.
  private var takers: Set<ReplicaName> {
    let ranks = groups.filter { $0.phase == .running }.flatMap { group in
      group.ranks.indices.filter { group.ranks[$0].serves }.map {
        ReplicaName.rank(group: group.index, rank: $0)
      }
    }
    return Set(ranks + ingress.replicas.filter { $0.phase == .running }.map { .ingress($0.index) })
  }
}

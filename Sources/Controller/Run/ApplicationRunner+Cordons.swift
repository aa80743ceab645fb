import ControlAPI
import Deployment
import Platform

extension ApplicationRunner {
  /// How often a replica that drains is looked at.
  private static let drainInterval = Duration.milliseconds(20)

  /// Whether a cordoned rank has no request, and no ingress replica is about to send it one.
  func isDrained(_ rank: RankProcess) -> Bool {
    isTableTaken && rank.isBusy != true
      && boards.requests(group: rank.place.group, rank: rank.place.rank) == 0
  }

  /// Records when nothing is left of a replica's requests.
  func watchDrain(of name: ReplicaName) {
    Loop.task {
      while !self.isClosing, self.state.cordons.contains(name) {
        if self.isDrained(name) {
          self.record(EventRecord(.info, .drained, subject: name.description, "\(name) has no request left"))
          return
        }
        await Loop.sleep(for: Self.drainInterval)
      }
    }
  }

  private func isDrained(_ name: ReplicaName) -> Bool {
    switch name {
    case .rank(let group, let rank):
      ranks.values.contains { $0.place.group == group && $0.place.rank == rank && isDrained($0) }
    case .ingress(let index): replicas[index]?.isDrained(at: MonotonicClock.seconds) == true
    case .front: false
    }
  }
}

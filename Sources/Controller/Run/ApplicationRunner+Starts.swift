import ControlAPI
import Deployment
import Platform

/// How long starts took.
extension ApplicationRunner {
  /// The starts that go on.
  var presentStarts: [RankStart] {
    ranks.values.filter { !$0.isStartKept }.map { start(of: $0, outcome: .starting) }
  }

  /// Writes down how long a rank's start took, once.
  func keepStart(of rank: RankProcess, outcome: StartOutcome) {
    guard !rank.isStartKept else { return }
    rank.isStartKept = true
    surroundings.store.add([.start(application: stored.name, start(of: rank, outcome: outcome))])
  }

  private func start(of rank: RankProcess, outcome: StartOutcome) -> RankStart {
    let now = Instant.now.nanoseconds
    let phases = rank.startClock.phases(until: now)
    var start = RankStart(
      replica: ReplicaName.rank(group: rank.place.group, rank: rank.place.rank).description,
      group: rank.place.group, rank: rank.place.rank, epoch: rank.place.epoch,
      startedAt: "", outcome: outcome, phases: phases)
    start.startedAt = Timestamp.text(WallClock.secondsSinceEpoch - start.seconds)
    return start
  }
}

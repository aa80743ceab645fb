import Deployment
import Manifest
import Platform
import Supervision
import Telemetry

/// Whether what serves gives signs of life, and gets on while there is work: of a process that lives the kernel tells
/// nothing of that.
extension ApplicationRunner {
  /// A rank that waited for another one this long and then gave up was held up by it.
  private static let patience = Duration.seconds(3)

  /// Signs of life come, and are looked at, once a second: less than these is no evidence.
  private static let (leastCheck, leastLimit) = (2.0, 3.0)

  /// How long a process may be silent, or stand still, before it is taken for dead.
  private var limit: Duration { .seconds(max(Self.leastLimit, request.manifest.healthCheck.limitSeconds)) }

  /// Looks at everything that serves.
  func lookAfterAll(at now: Duration) {
    tellSilence(at: now)
    for rank in servingRanks { lookAfter(rank, at: now) }
    for replica in servingReplicas {
      replica.vigil.limit = limit
      guard let page = replica.meter.page, let time = replica.vigil.hear(page, at: now) else { continue }
      tell(.ingress(.silent(for: time), index: replica.index, life: replica.life))
    }
  }

  /// Of vLLM another watch tells.
  private var servingRanks: [RankProcess] {
    state.groups.filter { $0.phase == .running }.flatMap { group in
      group.ranks.enumerated().filter { $0.element.isReady && $0.element.isAlive }.compactMap {
        ranks[RankPlace(group: group.index, rank: $0.offset, epoch: $0.element.epoch)]
      }
    }.filter { $0.watch == nil }
  }

  private var servingReplicas: [IngressProcess] {
    state.ingress.replicas.filter { $0.phase == .running }.compactMap { known in
      replicas[known.index].flatMap { $0.life == known.life ? $0 : nil }
    }
  }

  private func tellSilence(at now: Duration) {
    var silent: [ReplicaName: Silence] = [:]
    for rank in servingRanks {
      silent[.rank(group: rank.place.group, rank: rank.place.rank)] = silence(of: rank.meter, at: now)
    }
    for replica in servingReplicas {
      silent[.ingress(replica.index)] = silence(of: replica.meter, at: now)
    }
    if silent != state.silent { tell(.silent(silent)) }
  }

  private func silence<Role>(of meter: ProcessMeter<Role>, at now: Duration) -> Silence? {
    guard let beat = meter.page?.heartbeatNanoseconds else { return nil }
    let since = Duration.nanoseconds(Int64(clamping: beat))
    let check = Duration.seconds(max(Self.leastCheck, request.manifest.healthCheck.seconds))
    guard now - since > check else { return nil }
    return Silence(since: since, deadline: since + limit)
  }

  private func lookAfter(_ rank: RankProcess, at now: Duration) {
    rank.vigil.limit = limit
    guard let page = rank.meter.page else { return }
    if let time = rank.vigil.hear(page, at: now) { return tell(.silent(for: time), of: rank) }
    guard let time = rank.vigil.look(page, at: now) else { return }
    blame(culprit(behind: rank), for: time)
  }

  /// Names the rank that a rank which gave up was waiting for, as it would be taken for the culprit itself.
  func nameCulprit(behind rank: RankProcess) {
    let now = MonotonicClock.now
    guard rank.watch == nil, let wait = rank.vigil.wait, now - wait.since >= Self.patience else { return }
    let culprit = culprit(behind: rank)
    if culprit !== rank { blame(culprit, for: now - wait.since) }
  }

  private func blame(_ rank: RankProcess, for time: Duration) {
    let isSilent = rank.meter.isStale(at: MonotonicClock.seconds)
    tell(isSilent ? .silent(for: time) : .stoodStill(for: time), of: rank)
  }

  /// In lock-step all stand still where one does: the one that waits for nobody, or of which nothing is known any more.
  private func culprit(behind rank: RankProcess) -> RankProcess {
    var culprit = rank
    // As many steps as there are ranks lead to the end, or around a circle.
    for _ in 0..<ranks.count {
      guard culprit === rank || !culprit.meter.isStale(at: MonotonicClock.seconds),
        let awaited = culprit.vigil.wait?.rank, let next = living(awaited, besides: culprit)
      else { break }
      culprit = next
    }
    return culprit
  }

  private func living(_ rank: Int, besides other: RankProcess) -> RankProcess? {
    ranks.values.first {
      $0.place.group == other.place.group && $0.place.rank == rank && $0.process.identity.isAlive
    }
  }

  private func tell(_ news: RankNews, of rank: RankProcess) {
    tell(.rank(news, group: rank.place.group, rank: rank.place.rank, epoch: rank.place.epoch))
  }
}

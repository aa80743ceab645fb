import Deployment
import Platform
import Supervision

extension ApplicationRunner {
  /// Watches what a former controller left as if it had been started here.
  func adopt(_ estate: Estate) {
    surroundings.store.add(
      estate.obsolete.map { .ended($0) } + estate.unrecorded.map { .started($0.token, $0.identity) })
    for (place, process) in estate.processes {
      switch place {
      case .rank(let group, let rank, let epoch):
        adopt(process, RankPlace(group: group, rank: rank, epoch: epoch))
      case .ingress(let index, let life): adopt(process, index, life)
      case .front(let index, let life): adoptFront(process, index, life)
      }
    }
  }

  private func adopt(_ process: SupervisedProcess, _ place: RankPlace) {
    let rank = RankProcess(place, process, page: directory.rankPage(place))
    let known = state.groups.first { $0.index == place.group }?.ranks[place.rank]
    beginWatch(rank, isServing: known?.isReady ?? false)
    rank.meter.join(at: MonotonicClock.seconds)
    rank.isStartKept = known?.isReady ?? false
    ranks[place] = rank
    Loop.task { await self.watch(rank) }
  }

  private func adopt(_ process: SupervisedProcess, _ index: Int, _ life: Int) {
    let isCordoned = state.cordons.contains(.ingress(index))
    let isLeaving = state.ingress.replicas.first { $0.index == index }?.phase == .stopping
    let replica = IngressProcess(
      index: index, life: life, process, socket: directory.ingressSocket(index),
      page: directory.ingressPage(index, life: life), table: tableMessage,
      isCordoned: isCordoned, toldLeave: isLeaving ? isCordoned : nil)
    replica.meter.join(at: MonotonicClock.seconds)
    replicas[index] = replica
    follow(replica)
  }
}

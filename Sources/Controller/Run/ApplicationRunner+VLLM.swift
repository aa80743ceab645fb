import ControlAPI
import Deployment
import Platform
import Supervision

extension ApplicationRunner {
  /// Has someone tell about a rank that does not do so itself.
  ///
  /// - Parameter isServing: whether its start is over already.
  func beginWatch(_ rank: RankProcess, isServing: Bool = false) {
    guard let group = state.groups.first(where: { $0.index == rank.place.group }),
      case .vllm(let program) = group.engine.program
    else { return }
    let watch: VLLMWatch
    do {
      watch = try VLLMWatch(
        rank.process, socket: directory.rankSocket(rank.place), pagePath: directory.rankPage(rank.place),
        limit: program.standstill)
    } catch {
      record(
        EventRecord(.error, .controllerError, "\(group.replica(rank.place.rank)) cannot be watched: \(error)")
      )
      return
    }
    if isServing { watch.skipStart() }
    rank.watch = watch
    let place = rank.place
    Loop.task {
      await watch.run {
        self.boards.requests(group: place.group, rank: place.rank)
      } onStandstill: { time in
        self.tell(.rank(.stoodStill(for: time), group: place.group, rank: place.rank, epoch: place.epoch))
      } onLoss: { part in
        self.tell(.rank(.lost(part: part), group: place.group, rank: place.rank, epoch: place.epoch))
      }
    }
  }
}

import Deployment
import Platform
import Supervision

/// What a former controller left of one application: living processes, and what they hold in trust.
///
/// Sockets and shared memory are copied out of any process that has them, so they outlive every controller.
@Loop
final class Estate {
  let sockets = ListeningSockets()
  let boards: LoadBoards
  private(set) var segments: [Int: GroupSegment] = [:]
  private(set) var processes: [ProcessPlace: SupervisedProcess] = [:]
  /// Places whose process was started, as far as the records tell.
  private var started: Set<ProcessPlace> = []
  /// The records of processes that are not there any more.
  private(set) var obsolete: [ProcessToken] = []
  /// Processes whose start was not written down.
  private(set) var unrecorded: [SupervisedProcess] = []

  private let directory: RunDirectory

  /// Takes over what lives of the application that `checkpoint` describes.
  init(
    _ checkpoint: Checkpoint, ranks: Int, records: [StoredProcess], remains: Remains,
    _ directory: RunDirectory
  ) {
    self.directory = directory
    boards = LoadBoards(ranks: ranks, taken: checkpoint.slots)
    let living = Dictionary(remains.leaders.map { ($0.token, $0.identity) }) { first, _ in first }
    var known = Dictionary(records.map { ($0.token, $0.identity) }) { first, _ in first }
    for token in living.keys where known[token] == nil { known[token] = .some(nil) }
    let expected = checkpoint.state.places
    for (token, identity) in known {
      guard let place = ProcessPlace(token), expected.contains(place) else {
        obsolete.append(token)
        continue
      }
      if identity != nil { started.insert(place) }
      guard processes[place] == nil, let identity = identity ?? living[token],
        let process = SupervisedProcess(adopting: identity, token: token, logPath: directory.log(of: place))
      else {
        obsolete.append(token)
        continue
      }
      processes[place] = process
      if known[token] == .some(nil) { unrecorded.append(process) }
    }
    takeSegments(checkpoint.state)
    takeIngress(checkpoint.state)
    takeFronts(checkpoint.state)
  }

  /// The tokens of what was taken over.
  var tokens: Set<ProcessToken> { Set(processes.values.map(\.token)) }

  /// Where a process is that the checkpoint believes to be alive.
  func whereabouts(_ place: ProcessPlace) -> Whereabouts {
    if processes[place] != nil { return .here }
    guard started.contains(place) else { return .neverStarted }
    return .ended(.unknown, lastLine: LogTail.lines(of: directory.log(of: place), count: 1).last)
  }

  /// A group whose segment cannot be had could never take a rank again, so its ranks are given up.
  private func takeSegments(_ state: Application) {
    for group in state.groups where group.engine.program == .bundled {
      let members = processes.filter { place, _ in place.group == group.index }
      for process in members.values {
        guard segments[group.index] == nil, let copy = process.inherited(LaunchPlan.groupDescriptor) else {
          continue
        }
        segments[group.index] = GroupSegment(life: group.life, adopting: copy)
      }
      if segments[group.index] == nil { giveUp(members.keys) }
    }
  }

  /// Replicas whose socket or load board cannot be had are given up.
  ///
  /// But one that finishes its requests has let go of its socket, which others hold: to give it up would cut its streams.
  private func takeIngress(_ state: Application) {
    let living = state.ingress.replicas.compactMap { replica in processes[replica.place].map { (replica, $0) }
    }
    for (replica, process) in living where replica.spec.station != .behindFront {
      _ = takeSocket(of: replica, process)
    }
    for (replica, process) in living {
      let needsNoSocket = replica.spec.station == .behindFront || replica.phase == .stopping
      guard needsNoSocket || sockets.descriptor(for: replica.spec) != nil,
        let board = process.inherited(LaunchPlan.boardDescriptor),
        boards.adopt(rows: replica.spec.boardRows, board)
      else {
        giveUp([replica.place])
        continue
      }
    }
  }

  /// Fronts whose socket cannot be had are given up.
  private func takeFronts(_ state: Application) {
    for front in state.front?.replicas ?? [] {
      if let process = processes[front.place], !takeSocket(of: front, process) { giveUp([front.place]) }
    }
  }

  private func takeSocket(of replica: IngressReplica, _ process: SupervisedProcess) -> Bool {
    guard let socket = process.inherited(LaunchPlan.listenDescriptor) else { return false }
    return sockets.adopt(replica.spec, socket)
  }

  private func giveUp(_ places: some Sequence<ProcessPlace>) {
    for place in Array(places) {
      if let process = processes.removeValue(forKey: place) { obsolete.append(process.token) }
    }
  }
}

extension Application {
  /// The places of the processes that it believes to be alive.
  var places: Set<ProcessPlace> {
    let ranks = groups.flatMap { group in
      group.ranks.indices.filter { group.ranks[$0].isAlive }.map {
        ProcessPlace.rank(group: group.index, rank: $0, epoch: group.ranks[$0].epoch)
      }
    }
    return Set(ranks + (ingress.replicas + (front?.replicas ?? [])).map(\.place))
  }
}

extension ProcessPlace {
  /// The place that a token names; nil when it names none.
  init?(_ token: ProcessToken) {
    let numbers = token.index.split(separator: "-").compactMap { Int($0) }
    switch (token.role, numbers.count) {
    case ("rank", 2): self = .rank(group: numbers[0], rank: numbers[1], epoch: token.epoch)
    case ("front", 1): self = .front(index: numbers[0], life: token.epoch)
    case ("ingress", 1): self = .ingress(index: numbers[0], life: token.epoch)
    default: return nil
    }
  }

  fileprivate var group: Int? {
    if case .rank(let group, _, _) = self { group } else { nil }
  }
}

extension RunDirectory {
  /// The log of a process.
  func log(of place: ProcessPlace) -> String {
    switch place {
    case .rank(let group, let rank, let epoch): rankLog(RankPlace(group: group, rank: rank, epoch: epoch))
    case .ingress(let index, _): ingressLog(index)
    case .front(let index, _): frontLog(index)
    }
  }
}

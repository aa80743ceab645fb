import ControlAPI
import Deployment
import Diagnosis
import Machines
import Manifest
import Platform
import Supervision

/// Runs one application: does what its state machine asks for, and tells it what became of that.
@Loop
final class ApplicationRunner {
  /// What all applications of a controller share.
  struct Surroundings {
    let home: HomeDirectory
    let homeHash: String
    let bootID: String
    let tools: ToolPaths
    let store: StoreQueue
    let events: EventLog
    let machine: MachineWatch
  }

  /// What was asked for last.
  private(set) var request: AcceptedManifest
  var stored: StoredApplication
  private(set) var state: Application
  let surroundings: Surroundings
  let directory: RunDirectory
  let sockets: ListeningSockets
  let boards: LoadBoards
  var meter = ApplicationMeter()
  /// The past that is not yet written down.
  var recorder = HistoryRecorder()
  var diagnosis = Diagnosis()
  var hints: [Hint] = []

  /// The shared segments of groups that live, for ranks that join them.
  var segments: [Int: GroupSegment] = [:]
  /// The ranks' processes, those that are ending included.
  var ranks: [RankPlace: RankProcess] = [:]
  /// The ingress replicas' processes, by index; those that are ending included.
  var replicas: [Int: IngressProcess] = [:]
  /// The processes before the ingress, by index; those that are ending included.
  var fronts: [Int: FrontProcess] = [:]
  /// Ended processes whose descendants have not been looked for yet, and what they mapped.
  var unswept: [(process: SupervisedProcess, segments: SharedSegments?)] = []
  /// Looks after ``unswept``; nil while nothing is to be done.
  var sweep: Task<Void, Never>?
  /// The last lines of replicas that have just ended, by the replica's id.
  var lastWords: [String: [String]] = [:]
  /// So many of them are kept.
  static let lastWordCount = 20
  /// Called when an earlier revision is to be carried out again.
  var onRollback: (@Loop (Int) -> Void)?
  /// Called when nothing is left of the application.
  var onGone: (@Loop () -> Void)?

  var logKeeper: LogKeeper { LogKeeper(folder: directory.logs) }
  /// Whether it was told already that logs cannot be kept short here.
  private var hasComplainedOfLogs = false

  private let timer = LoopTimer()
  var isWatchingStarts = false
  /// Set when the controller goes: deaths are no news then.
  var isClosing = false

  /// Begins an application whose address is bound already.
  init(
    _ request: AcceptedManifest, _ stored: StoredApplication, epochs: [Int: Int], sockets: ListeningSockets,
    _ surroundings: Surroundings
  ) throws(PlacementError) {
    self.request = request
    self.stored = stored
    self.surroundings = surroundings
    self.sockets = sockets
    directory = RunDirectory(home: surroundings.home, application: stored.name)
    boards = LoadBoards(ranks: request.manifest.parallelism.mostRanks)
    diagnosis = Diagnosis(seesBeginning: true)
    var (state, effects) = try Application.begin(
      request.spec, revision: stored.revision, lastEpochs: epochs, at: MonotonicClock.now)
    effects += state.setCordons(stored.cordons, at: MonotonicClock.now)
    self.state = state
    carryOut(effects)
  }

  /// Goes on with what a former controller ran.
  init(
    _ request: AcceptedManifest, _ stored: StoredApplication, _ checkpoint: Checkpoint, _ estate: Estate,
    _ surroundings: Surroundings
  ) {
    self.request = request
    self.stored = stored
    self.surroundings = surroundings
    sockets = estate.sockets
    boards = estate.boards
    segments = estate.segments
    directory = RunDirectory(home: surroundings.home, application: stored.name)
    state = checkpoint.state
    adopt(estate)
    carryOut(
      state.resume(at: MonotonicClock.now) { estate.whereabouts($0) }
        + state.setCordons(stored.cordons, at: MonotonicClock.now))
    watchStarts()
  }

  /// Tells the state machine what happened and does what follows.
  func tell(_ news: News) {
    guard !isClosing else { return }
    let effects = state.handle(news, at: MonotonicClock.now)
    switch news {
    case .rank(.progressed, _, _, _), .ingressLoad, .groupLoad: carryOut(effects, isNotable: false)
    default: carryOut(effects)
    }
  }

  /// Writes down where the application stands, for a later controller.
  func writeCheckpoint() {
    guard !isClosing, !state.isGone else { return }
    surroundings.store.add(
      Checkpoint(bootID: surroundings.bootID, state: state, slots: boards.taken), of: stored.name)
  }

  /// Asks for another revision; `rollsBack` when its failure brings the last healthy one back.
  func apply(
    _ request: AcceptedManifest, _ stored: StoredApplication, rollsBack: Bool = false
  ) throws(PlacementError) {
    let isNew = stored.revision != state.revision
    let effects = try state.apply(request.spec, revision: stored.revision, at: MonotonicClock.now)
    if isNew, rollsBack { state.rollBackOnFailure() }
    self.request = request
    self.stored = stored
    carryOut(effects)
  }

  /// Restarts a replica: a rank with its group, an ingress replica alone; false when there is none of that id.
  func restart(replica: String) -> Bool {
    let now = MonotonicClock.now
    if let group = state.groups.first(where: { group in
      group.ranks.indices.contains { group.replica($0) == replica }
    }) {
      guard let effects = state.restart(group: group.index, at: now) else { return false }
      carryOut(effects)
      return true
    }
    if let front = state.front?.replicas.first(where: { $0.id == replica }) {
      record(EventRecord(.info, .restartRequested, subject: replica, "a restart was asked for"))
      carryOut(state.restart(front: front.index, at: now))
      return true
    }
    guard let ingress = state.ingress.replicas.first(where: { $0.id == replica }) else { return false }
    record(EventRecord(.info, .restartRequested, subject: replica, "a restart was asked for"))
    carryOut(state.restart(ingress: ingress.index, at: now))
    return true
  }

  /// Starts all processes of these kinds again, a few at a time.
  func restartAll(ranks: Bool, ingress: Bool) {
    let effects = state.restartAll(ranks: ranks, ingress: ingress, at: MonotonicClock.now)
    request.spec = state.spec
    carryOut(effects)
  }

  /// The failed revision stays.
  func giveUpRollback() {
    state.giveUpRollback()
    writeCheckpoint()
  }

  /// Halts the rollout before its next group, or lets it go on.
  func pause(_ isPaused: Bool) { carryOut(state.pause(isPaused, at: MonotonicClock.now)) }

  /// Takes the application down.
  func delete() {
    stored.isDeleting = true
    carryOut(state.delete(at: MonotonicClock.now))
  }

  /// Records an event of the controller's own.
  ///
  /// A death is told with the last lines of the culprit.
  func record(_ record: EventRecord) {
    let isDeath = [.rankDied, .ingressDied].contains(record.kind)
    let lines = isDeath ? record.subject.flatMap { lastWords.removeValue(forKey: $0) } : nil
    surroundings.events.append(record, application: stored.name, lastLines: lines)
  }

  /// Does what was asked for; first it is written down, so that nothing runs of which no record tells.
  private func carryOut(_ effects: [Effect], isNotable: Bool = true) {
    if isNotable || !effects.isEmpty { writeCheckpoint() }
    if !effects.isEmpty { Failpoint.effectsBegin.pass() }
    var replicas: [IngressLaunch] = []
    for (number, effect) in effects.enumerated() {
      if number == 1 { Failpoint.effectsHalf.pass() }
      switch effect {
      case .launchIngress(let launch):
        if case .front(let front) = launch.ingress.station {
          self.launch(launch, front)
        } else {
          replicas.append(launch)
        }
      default: carryOut(effect)
      }
    }
    if !replicas.isEmpty { launch(replicas) }
    if state.cordons != stored.cordons { keepCordons() }
    schedule()
  }

  /// Does what was asked for when the state machine is told of cordons.
  func setCordons(_ names: Set<ReplicaName>) { carryOut(state.setCordons(names, at: MonotonicClock.now)) }

  private func keepCordons() {
    stored.cordons = state.cordons
    surroundings.store.add([.application(stored)])
  }

  private func carryOut(_ effect: Effect) {
    switch effect {
    case .launchGroup(let launch): self.launch(launch)
    case .stopRanks(let group, let epoch, let numbers, let grace):
      stop(numbers.map { RankPlace(group: group, rank: $0, epoch: epoch) }, grace: grace)
    case .watchDrain(let group, let epoch): watchDrain(group: group, epoch: epoch)
    case .launchIngress(let launch): self.launch([launch])
    case .stopFront(let index, let life, let grace): stopFront(index, life: life, grace: grace)
    case .publishSlots: pushSlots()
    case .stopIngress(let index, let life, let grace): stopReplica(index, life: life, grace: grace)
    case .publish: pushTable()
    case .cordonIngress(let index, let isOn): replicas[index]?.setCordoned(isOn)
    case .record(let record): self.record(record)
    // One that a former controller owed is asked for before anybody listens.
    case .rollBack(let revision, _): Loop.task { self.onRollback?(revision) }
    case .dismantle: Loop.task { await self.dismantle() }
    }
  }

  /// Keeps the logs from filling the disk.
  func cutLogs() {
    guard let name = logKeeper.cutLongFiles().first, !hasComplainedOfLogs else { return }
    hasComplainedOfLogs = true
    record(
      EventRecord(
        .warning, .controllerError,
        "\(name) is longer than \(LogKeeper.limit >> 20) MiB, and this file system lets no part of it go"))
  }

  private func schedule() {
    guard let deadline = state.nextDeadline else { return timer.cancel() }
    timer.set(Instant(nanoseconds: deadline.wholeNanoseconds)) { [weak self] in self?.tell(.tick) }
  }
}

/// A manifest that was read, checked and found to have its model here.
struct AcceptedManifest: Sendable {
  let manifest: Manifest
  var spec: ApplicationSpec
  /// The model's folder on a cluster's nodes; empty where that is not known.
  var modelFolder = ""
  /// The file with a cluster's token; nil takes Ray's own places.
  var tokenFile: String?
  /// The devices of this machine that its ranks take, as in `CUDA_VISIBLE_DEVICES`.
  var devices: [String] = []
  /// Remarks about the manifest, for people.
  let warnings: [String]
}

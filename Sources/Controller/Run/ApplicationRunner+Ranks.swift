import ControlAPI
import Deployment
import ExpertParallel
import Manifest
import Platform
import Supervision

extension ApplicationRunner {
  var plan: LaunchPlan {
    LaunchPlan(
      directory: directory, tools: surroundings.tools, home: surroundings.homeHash, application: stored.name)
  }

  /// How often starting ranks are looked at.
  private static let startInterval = Duration.milliseconds(20)

  /// Starts ranks of a group, all together, once the intent is on disk.
  func launch(_ launch: GroupLaunch) {
    Loop.task { await self.start(launch) }
  }

  private func start(_ launch: GroupLaunch) async {
    let specs: [LaunchSpec]
    do { specs = try self.specs(of: launch) } catch {
      for rank in launch.ranks { fail(launch, rank, error.reason, isPermanent: false) }
      return
    }
    let epoch = StoreChange.epoch(application: stored.name, group: launch.group, epoch: launch.epoch)
    // A full disk must not stop supervision: the tokens find these processes all the same.
    await surroundings.store.record([epoch] + specs.map { .intent($0.token) })
    Failpoint.rankIntended.pass()
    logKeeper.forgetOldLives()
    var failures: [(Int, SupervisionError)] = []
    for (rank, spec) in zip(launch.ranks, specs) {
      guard isStarting(launch, rank) else {
        tell(.rank(.ended(.unknown, lastLine: nil), group: launch.group, rank: rank, epoch: launch.epoch))
        continue
      }
      do { try spawn(spec, RankPlace(group: launch.group, rank: rank, epoch: launch.epoch)) } catch {
        failures.append((rank, error))
      }
    }
    for (rank, error) in failures { fail(launch, rank, error.description, isPermanent: error.isPermanent) }
    watchStarts()
  }

  private func specs(of launch: GroupLaunch) throws(PlanError) -> [LaunchSpec] {
    guard case .vllm(let program) = launch.engine.program else {
      let segment: GroupSegment
      do { segment = try self.segment(of: launch) } catch { throw PlanError(reason: error.description) }
      let total = launch.engine.size * state.groupCount
      return launch.ranks.map {
        plan.rank($0, of: launch, totalRanks: total, segment: segment.memory.descriptor.raw)
      }
    }
    guard let port = RendezvousPort.find() else {
      throw PlanError(reason: "no port is free for its ranks to meet at")
    }
    var specs: [LaunchSpec] = []
    for rank in launch.ranks {
      let place = machinePlace(of: rank, ofGroup: launch.group, on: launch.nodes)
      guard let spec = plan.vllmRank(rank, of: launch, program, port: port, place: place) else {
        throw PlanError(
          reason: "CUDA_VISIBLE_DEVICES names no devices for it: it is rank \(place) of this machine")
      }
      specs.append(spec)
    }
    return specs
  }

  /// The place of a rank among all of this machine.
  func machinePlace(of rank: Int, ofGroup index: Int, on nodes: [Int]) -> Int {
    LaunchPlan.place(
      of: rank, on: nodes, devicesPerNode: state.spec.cluster.devicesPerNode,
      before: state.groups.filter { $0.index < index }.flatMap(\.nodes))
  }

  /// A new segment for a new life, that of the present one for ranks that join it.
  private func segment(of launch: GroupLaunch) throws(ExpertParallelError) -> GroupSegment {
    if let present = segments[launch.group], present.life == launch.life { return present }
    let segment = try GroupSegment(life: launch.life)
    segments[launch.group] = segment
    return segment
  }

  private func isStarting(_ launch: GroupLaunch, _ rank: Int) -> Bool {
    guard !isClosing, let group = state.groups.first(where: { $0.index == launch.group }),
      group.phase == .starting || group.phase == .running
    else { return false }
    return group.ranks[rank].epoch == launch.epoch && group.ranks[rank].isStarting
  }

  private func fail(_ launch: GroupLaunch, _ rank: Int, _ reason: String, isPermanent: Bool) {
    tell(
      .rank(
        .notStarted(reason, isPermanent: isPermanent), group: launch.group, rank: rank, epoch: launch.epoch))
  }

  private func spawn(_ spec: LaunchSpec, _ place: RankPlace) throws(SupervisionError) {
    directory.remove(place)
    let launched = Instant.now
    let process = RankProcess(
      place, try SupervisedProcess(spec), page: directory.rankPage(place), launched: launched)
    ranks[place] = process
    Failpoint.rankStarted.pass()
    surroundings.store.add([.started(spec.token, process.process.identity)])
    beginWatch(process)
    Loop.task { await self.watch(process) }
  }

  func watch(_ rank: RankProcess) async {
    let status = await rank.process.exit() ?? .unknown
    Failpoint.rankEnded.pass()
    if case .exited = status { nameCulprit(behind: rank) }
    ranks[rank.place] = nil
    let end = ProcessEnd(status, of: rank.process, resident: rank.meter.residentBytes)
    if !isClosing { keepStart(of: rank, outcome: .failed) }
    rank.watch?.stop()
    if !ranks.keys.contains(where: { $0.group == rank.place.group }) { segments[rank.place.group] = nil }
    directory.remove(rank.place)
    forget(rank.process, segments: rank.watch?.segments)
    if let group = state.groups.first(where: { $0.index == rank.place.group }) {
      lastWords[group.replica(rank.place.rank)] = rank.process.lastLines(Self.lastWordCount)
    }
    defer { lastWords = [:] }
    tell(
      .rank(
        .ended(end, lastLine: rank.process.lastLine), group: rank.place.group,
        rank: rank.place.rank, epoch: rank.place.epoch))
  }

  /// Ends ranks and all that descends from them; their ends are told by their watches.
  func stop(_ places: [RankPlace], grace: Duration?) {
    let processes = places.compactMap { ranks[$0]?.process }
    guard !processes.isEmpty else { return }
    for place in places { ranks[place]?.watch?.noteSegments() }
    Failpoint.ranksStopping.pass()
    Loop.task {
      if await !ProcessTree.end(processes, grace: grace) { self.complainAboutSurvivors(processes) }
    }
  }

  func complainAboutSurvivors(_ processes: [SupervisedProcess]) {
    let pids = processes.filter { $0.exitStatus == nil }.map { "\($0.identity.pid)" }.joined(separator: ", ")
    record(EventRecord(.error, .controllerError, "processes \(pids) do not end although they were killed"))
  }

  /// Looks at starting ranks every few milliseconds, for as long as there are any.
  func watchStarts() {
    guard !isWatchingStarts else { return }
    isWatchingStarts = true
    Loop.task {
      while !self.isClosing, self.state.groups.contains(where: { $0.ranks.contains(where: \.isStarting) }) {
        self.lookAtStarts()
        await Loop.sleep(for: Self.startInterval)
      }
      self.isWatchingStarts = false
    }
  }

  private func lookAtStarts() {
    for group in state.groups where group.phase == .starting || group.phase == .running {
      for (number, known) in group.ranks.enumerated() where known.isStarting {
        let place = RankPlace(group: group.index, rank: number, epoch: known.epoch)
        guard let rank = ranks[place], let (phase, progress) = rank.startPhase else { continue }
        if (phase, progress) != (known.phase, known.progress) {
          tell(.rank(.progressed(phase, progress), group: group.index, rank: number, epoch: known.epoch))
        }
        if phase == .ready, !rank.isProbed {
          rank.isProbed = true
          Loop.task { await self.probe(rank) }
        }
      }
    }
  }

  /// Asks a rank for a token until it gives one or ends.
  private func probe(_ rank: RankProcess) async {
    let prober = Prober(socket: directory.rankSocket(rank.place), model: request.manifest.model.id)
    while rank.process.exitStatus == nil, !isClosing {
      if await prober.attempt() == nil {
        rank.meter.rebase(at: MonotonicClock.seconds)
        keepStart(of: rank, outcome: .started)
        tell(.rank(.ready, group: rank.place.group, rank: rank.place.rank, epoch: rank.place.epoch))
        return
      }
      await Loop.sleep(for: .milliseconds(50))
    }
  }

  /// Tells when every ingress replica knows that the group drains, and no request is left in it.
  func watchDrain(group: Int, epoch: Int) {
    Failpoint.drainBegins.pass()
    Loop.task {
      while !self.isClosing, self.isDraining(group, epoch) {
        if self.hasNoRequest(group) {
          Failpoint.drainDone.pass()
          self.tell(.drained(group: group, epoch: epoch))
          return
        }
        await Loop.sleep(for: Self.startInterval)
      }
    }
  }

  private func isDraining(_ index: Int, _ epoch: Int) -> Bool {
    guard let group = state.groups.first(where: { $0.index == index }), group.epoch == epoch else {
      return false
    }
    if case .draining = group.phase { return true }
    return false
  }

  /// Whether each ingress replica knows which ranks take requests now.
  var isTableTaken: Bool {
    state.ingress.replicas.allSatisfy { $0.phase != .running || $0.tableVersion >= state.table.version }
  }

  private func hasNoRequest(_ group: Int) -> Bool {
    guard isTableTaken else { return false }
    return ranks.values.filter { $0.place.group == group }.allSatisfy {
      $0.isBusy != true && boards.requests(group: group, rank: $0.place.rank) == 0
    }
  }

  /// Forgets an ended process, and looks for what it may have left behind.
  func forget(_ process: SupervisedProcess, segments: SharedSegments? = nil) {
    surroundings.store.add([.ended(process.token)])
    guard !isClosing else { return }
    unswept.append((process, segments))
    if sweep == nil { sweep = Loop.task { await self.sweepAll() } }
  }

  private func sweepAll() async {
    while !unswept.isEmpty {
      // Those that die together are swept together.
      await Loop.sleep(for: .milliseconds(50))
      let ended = unswept
      unswept = []
      _ = await ProcessTree.sweep(ended.map(\.process), until: .after(.seconds(5)))
      clear(ended.compactMap(\.segments))
    }
    sweep = nil
  }

  /// Removes shared memory that dead processes left.
  private func clear(_ segments: [SharedSegments]) {
    let removed = segments.map { $0.removeUnused() }
    let count = removed.map(\.count).reduce(0, +)
    guard count > 0 else { return }
    let mebibytes = removed.map(\.bytes).reduce(0, +) >> 20
    record(
      EventRecord(
        .info, .segmentsRemoved,
        "\(count) segment\(count == 1 ? "" : "s") of shared memory (\(mebibytes) MiB) that dead ranks had left were removed"
      ))
  }
}

extension ProcessEnd {
  /// The same in the state machines' words.
  init(_ status: ExitStatus) {
    switch status {
    case .exited(let code): self = .exited(code)
    case .signalled(let signal): self = .signalled(signal)
    case .unknown: self = .unknown
    }
  }

  /// How `process` ended, which held so many bytes when last looked at.
  @Loop
  init(_ status: ExitStatus, of process: SupervisedProcess, resident: Int?) {
    if let kill = process.takeMemoryKill() {
      self = .outOfMemory(limit: kill.limit, resident: resident)
    } else {
      self = Self(status)
    }
  }
}

/// The shared segment of one life of a group; its ranks hold it from their start on, and it goes with the last.
final class GroupSegment {
  let life: Int
  let memory: SharedMemory

  init(life: Int) throws(ExpertParallelError) {
    self.life = life
    memory = try GroupControl.makeSegment()
  }

  /// The segment that a living rank holds.
  init(life: Int, adopting descriptor: consuming FileDescriptor) {
    self.life = life
    memory = SharedMemory(descriptor)
  }
}

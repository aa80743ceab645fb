import Deployment
import Glibc
import HAProxy
import Platform
import Supervision

extension ApplicationRunner {
  /// What fronts are told now.
  private var slots: FrontSlots { state.frontSlots ?? FrontSlots() }

  /// Starts a front once the intent is on disk.
  func launch(_ launch: IngressLaunch, _ front: FrontSpec) {
    Loop.task { await self.start(launch, front) }
  }

  private func start(_ launch: IngressLaunch, _ front: FrontSpec) async {
    do {
      let spec = plan.front(launch, front, listener: try listener(of: launch))
      await surroundings.store.record([.intent(spec.token)])
      guard isStarting(launch) else {
        return tell(.front(.ended(.unknown, lastLine: nil), index: launch.index, life: launch.life))
      }
      try write(front, launch.index)
      try spawn(spec, launch, slots: front.settings.slots)
    } catch let error as PlanError {
      fail(launch, error.reason, isPermanent: false)
    } catch let error as SupervisionError {
      fail(launch, error.description, isPermanent: error.isPermanent)
    } catch {
      fail(launch, "\(error)", isPermanent: false)
    }
  }

  private func fail(_ launch: IngressLaunch, _ reason: String, isPermanent: Bool) {
    tell(
      .front(.notStarted(reason, isPermanent: isPermanent), index: launch.index, life: launch.life))
  }

  private func isStarting(_ launch: IngressLaunch) -> Bool {
    guard !isClosing, let front = state.front?.replicas.first(where: { $0.index == launch.index }) else {
      return false
    }
    return front.life == launch.life && front.phase == .starting
  }

  /// Writes the configuration, and certificate and key into one file, as HAProxy wants them.
  ///
  /// The present states go into the configuration, so that the first connection already finds the right replicas.
  private func write(_ front: FrontSpec, _ index: Int) throws(PlanError) {
    directory.removeFront(index)
    do {
      if let certificate = front.certificate {
        let parts = [certificate] + [front.key].compactMap(\.self)
        let pem = try parts.flatMap { try FileContent.bytes(of: $0) + Array("\n".utf8) }
        try Self.write(pem, to: directory.frontCertificate(index))
      }
      let text = Configuration(front.settings, plan.frontPaths(index), states: slots.states).text
      try Self.write(Array(text.utf8), to: directory.frontConfiguration(index))
    } catch { throw PlanError(reason: "\(error)") }
  }

  /// Writes a file that nobody else may ever read.
  private static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let raw = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard raw >= 0 else { throw SystemError(call: "open", code: errno, subject: path) }
    let file = FileDescriptor(owning: raw)
    let written = bytes.withUnsafeBytes { Glibc.write(file.raw, $0.baseAddress, $0.count) }
    guard written == bytes.count else { throw SystemError(call: "write", code: errno, subject: path) }
  }

  private func spawn(_ spec: LaunchSpec, _ launch: IngressLaunch, slots count: Int) throws(SupervisionError) {
    let front = FrontProcess(
      index: launch.index, life: launch.life, try SupervisedProcess(spec),
      socket: directory.frontSocket(launch.index), slots: slots, count: count)
    fronts[launch.index] = front
    surroundings.store.add([.started(spec.token, front.process.identity)])
    follow(front)
  }

  /// Watches a front and keeps it informed, to its end.
  private func follow(_ front: FrontProcess) {
    Loop.task { await self.watch(front) }
    Loop.task {
      await front.keepInformed {
        self.tell(.front(.acknowledged(version: $0), index: front.index, life: front.life))
      }
    }
  }

  private func watch(_ front: FrontProcess) async {
    let status = await front.process.exit() ?? .unknown
    let end = ProcessEnd(status, of: front.process, resident: front.meter.residentBytes)
    front.stopPushing()
    if fronts[front.index] === front { fronts[front.index] = nil }
    directory.removeFront(front.index)
    forget(front.process)
    lastWords["front-\(front.index)"] = front.process.lastLines(Self.lastWordCount)
    defer { lastWords = [:] }
    tell(
      .front(
        .ended(end, lastLine: front.process.lastLine), index: front.index, life: front.life))
    closeUnusedSockets()
  }

  /// Watches a front that a former controller started.
  func adoptFront(_ process: SupervisedProcess, _ index: Int, _ life: Int) {
    let known = state.front?.replicas.first { $0.index == index }
    guard case .front(let spec) = known?.spec.station else { return }
    let front = FrontProcess(
      index: index, life: life, process, socket: directory.frontSocket(index), slots: slots,
      count: spec.settings.slots)
    front.meter.join(at: MonotonicClock.seconds)
    fronts[index] = front
    follow(front)
  }

  /// Lets a front finish its connections and end.
  func stopFront(_ index: Int, life: Int, grace: Duration) {
    guard let front = fronts[index], front.life == life else { return }
    Loop.task {
      if await !front.end(grace: grace) { self.complainAboutSurvivors([front.process]) }
    }
  }

  /// Gives every front the newest states.
  func pushSlots() {
    for front in fronts.values { front.push(slots) }
  }

  /// How long a replica that is to end waits for the fronts to send nothing more there.
  private static let drainNotice = Duration.seconds(1)

  /// Waits until every front knows what became of the replicas, for a while.
  func untilFrontsKnow() async {
    let (version, deadline) = (slots.version, Instant.after(Self.drainNotice))
    for front in fronts.values { await front.hasTaken(version, by: deadline) }
  }
}

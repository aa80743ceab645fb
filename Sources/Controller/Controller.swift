public import ControlAPI
import Deployment
import Glibc
import HTTP
public import Platform
import Supervision

/// The controller of a home directory: runs its applications and answers for them.
@Loop
public final class Controller {
  /// Where its state is.
  public let home: HomeDirectory

  private let lock: HomeLock
  let surroundings: ApplicationRunner.Surroundings
  private let server: HTTPServerBox
  var runners: [String: ApplicationRunner] = [:]
  /// Names whose apply or delete is being written.
  var busy: Set<String> = []
  private let ended = Signal()
  let idleTimer = LoopTimer()
  private let endsWhenIdle: Bool

  /// Without an application the controller ends after this.
  static let idleTime = Duration.seconds(10)
  /// What runs gets this long to finish when the controller goes.
  static let closeGrace = Duration.seconds(5)

  /// Takes `home` over: ends what a former controller left running, and starts what it was asked to run.
  ///
  /// - Parameter endsWhenIdle: whether to end some time after the last application is gone.
  public static func begin(home: HomeDirectory, tools: ToolPaths, endsWhenIdle: Bool)
    async throws(ControllerError)
    -> Controller
  {
    guard makeFolders(home.path), makeFolders(home.path + "/logs") else {
      throw .home("cannot make \(home.path): \(String(cString: strerror(errno)))")
    }
    let lock = try HomeLock(home)
    let store: Store
    let state: StoredState
    do throws(StoreError) {
      store = try Store(path: home.stateDatabase)
      state = try await store.load()
    } catch { throw .store(error) }
    chmod(home.stateDatabase, 0o600)
    let controller = try Controller(home, lock, store, state, tools, endsWhenIdle)
    await controller.endStrays(state)
    controller.serve()
    await controller.resume(state)
    return controller
  }

  private init(
    _ home: HomeDirectory, _ lock: HomeLock, _ store: Store, _ state: StoredState, _ tools: ToolPaths,
    _ endsWhenIdle: Bool
  ) throws(ControllerError) {
    self.home = home
    self.lock = lock
    self.endsWhenIdle = endsWhenIdle
    let queue = StoreQueue(store)
    surroundings = ApplicationRunner.Surroundings(
      home: home, homeHash: ProcessToken.hash(ofHome: home.path), tools: tools, store: queue,
      events: EventLog(state.events, queue))
    server = try HTTPServerBox(path: home.controllerSocket)
  }

  private func serve() {
    let routes = ControlRoutes(controller: self)
    server.start { await routes.answer($0) }
    Task { await self.sampleEverySecond() }
    restIfIdle()
  }

  /// Waits until the controller has nothing more to do.
  public func run() async { _ = await ended.wait(until: .never) }

  /// Ends all processes and the API.
  ///
  /// What was asked for stays written, and a later controller starts it again.
  public func stop() async {
    await server.stop()
    for runner in runners.values {
      runner.record(
        EventRecord(
          .warning, .controllerStopping,
          "the controller is being stopped and ends \(runner.stored.name); "
            + "the next controller starts it again"))
    }
    await withEach { await $0.close(grace: Self.closeGrace) }
    await surroundings.store.flush()
    unlink(home.controllerSocket)
    lock.release()
    ended.fire()
  }

  private func withEach(_ body: @escaping @Loop (ApplicationRunner) async -> Void) async {
    let tasks = runners.values.map { runner in Task { @Loop in await body(runner) } }
    for task in tasks { await task.value }
  }

  /// Whether some application is there.
  var hasApplications: Bool { !runners.isEmpty }
}

// Life: what a former controller left, and the end for want of work.
extension Controller {
  /// Ends every process that a former controller started, and signals nobody else.
  ///
  /// They are those of its records, and those that carry a token of this home.
  private func endStrays(_ state: StoredState) async {
    let hash = surroundings.homeHash
    let deadline = Instant.after(.seconds(10))
    var count = TokenScan.processes().count { $0.token.home == hash }
    for process in state.processes {
      guard let identity = process.identity, identity.isAlive, TokenScan.token(of: identity.pid) == nil,
        let handle = try? ForeignProcess(pid: identity.pid), identity.isAlive
      else { continue }
      handle.send(SIGKILL)
      _ = await handle.hasEnded(by: deadline)
      count += 1
    }
    let isClean = await ProcessTree.killAll(until: deadline) { $0.home == hash }
    for application in state.applications {
      RunDirectory(home: home, application: application.name).removeAll()
    }
    if count > 0 {
      let outcome = isClean ? "ended" : "killed, and some do not end:"
      ProcessLog.write("warning: \(outcome) \(count) processes of a former controller")
    }
    surroundings.store.add([.forgetProcesses(home: hash)])
  }

  private func resume(_ state: StoredState) async {
    for stored in state.applications {
      if stored.isDeleting {
        _ = try? await surroundings.store.commit([.forget(application: stored.name)])
        continue
      }
      do {
        let accepted = try ManifestIntake(tools: surroundings.tools).accept(
          stored.manifest, path: stored.path, folder: stored.folder)
        try start(accepted, stored, epochs: state.epochs[stored.name] ?? [:])
        runners[stored.name]?.record(
          EventRecord(
            .warning, .straysEnded,
            "a new controller starts \(stored.name) again, revision \(stored.revision)"))
      } catch {
        surroundings.events.append(
          EventRecord(.error, .controllerError, "\(stored.name) cannot be started again: \(error.message)"),
          application: stored.name)
      }
    }
    restIfIdle()
  }

  func restIfIdle() {
    guard endsWhenIdle else { return }
    guard runners.isEmpty, busy.isEmpty else { return idleTimer.cancel() }
    idleTimer.set(.after(Self.idleTime)) { [weak self] in
      guard let self, self.runners.isEmpty, self.busy.isEmpty else { return }
      Task { await self.stop() }
    }
  }

  private func sampleEverySecond() async {
    var next = Instant.now
    while !ended.isFired {
      next = next + .seconds(1)
      await Loop.sleep(until: next)
      let wall = WallClock.secondsSinceEpoch
      let sequence = surroundings.events.takeNumber()
      for runner in runners.values where !runner.isClosing { runner.sample(sequence: sequence, wall: wall) }
      if Instant.now > next + .seconds(1) { next = .now }
    }
  }
}

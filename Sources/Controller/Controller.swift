public import ControlAPI
import Deployment
public import Glibc
import HTTP
import Machines
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
  /// Where metrics are told to anybody who can connect; nil where no address was given.
  private var metricsServer: HTTPServerBox?
  /// The applications on this machine.
  var runners: [String: ApplicationRunner] = [:]
  /// The applications on Ray clusters.
  var rayRunners: [String: RayRunner] = [:]
  /// Names whose apply or delete is being written.
  var busy: Set<String> = []
  private let ended = Signal()
  let idleTimer = LoopTimer()
  let endsWhenIdle: Bool

  /// Without an application the controller ends after this.
  static let idleTime = Duration.seconds(10)

  /// Takes `home` over: goes on with what a former controller left running, and starts what it was asked to run.
  ///
  /// - Parameters:
  ///   - endsWhenIdle: whether to end some time after the last application is gone.
  ///   - readers: a group whose members may ask for everything and change nothing.
  ///   - metrics: a TCP address that answers `GET /metrics` and nothing else.
  public static func begin(
    home: HomeDirectory, tools: ToolPaths, endsWhenIdle: Bool, metrics: Endpoint? = nil,
    readers: gid_t? = nil
  ) async throws(ControllerError) -> Controller {
    guard Folder.make(home.path), Folder.make(home.path + "/logs") else {
      throw .home("cannot make \(home.path): \(String(cString: strerror(errno)))")
    }
    let lock = try HomeLock(home)
    try refuseToForget(home)
    let store: Store
    let state: StoredState
    do throws(StoreError) {
      store = try Store(path: home.stateDatabase)
      state = try await store.load()
    } catch { throw .store(error) }
    chmod(home.stateDatabase, 0o600)
    let controller = try Controller(home, lock, store, state, tools, endsWhenIdle)
    await Succession(controller, state).carryOut()
    ControlGroup.removeEmpty(ofHome: controller.surroundings.homeHash)
    if let readers { try controller.admit(readers) }
    controller.serve()
    if let metrics { controller.serveMetrics(at: metrics) }
    return controller
  }

  /// Without the database nobody knows what processes are for, and to end what serves is no way to begin.
  private static func refuseToForget(_ home: HomeDirectory) throws(ControllerError) {
    func size(_ path: String) -> Int {
      var status = stat()
      return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
    guard size(home.stateDatabase) == 0, size(home.stateDatabase + "-wal") == 0 else { return }
    let left = Remains.find(home: ProcessToken.hash(ofHome: home.path)).leaders.map(\.identity.pid).sorted()
    guard !left.isEmpty else { return }
    let pids = left.map(String.init).joined(separator: " ")
    throw .home(
      "\(home.stateDatabase) is gone or empty, but processes that it told of serve on; put it back, or end them "
        + "(kill \(pids)) and apply anew")
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
      home: home, homeHash: ProcessToken.hash(ofHome: home.path),
      bootID: ProcessRecord.bootID ?? "", tools: tools, store: queue,
      events: EventLog(state.events, queue), machine: MachineWatch())
    server = try HTTPServerBox(.unix(path: home.controllerSocket))
  }

  private func serve() {
    let routes = ControlRoutes(controller: self)
    server.start { await routes.answer($0) }
    Loop.task { await self.sampleEverySecond() }
    restIfIdle()
  }

  /// Lets the members of a group through to the socket: the folder lets them pass, and shows them nothing.
  private func admit(_ group: gid_t) throws(ControllerError) {
    for (path, mode) in [(home.path, mode_t(0o710)), (home.controllerSocket, mode_t(0o660))] {
      guard chown(path, uid_t.max, group) == 0, chmod(path, mode) == 0 else {
        throw .home("cannot give \(path) to the group \(group): \(String(cString: strerror(errno)))")
      }
    }
  }

  /// An address that is taken stops nothing: looking after the applications matters more.
  private func serveMetrics(at endpoint: Endpoint) {
    do {
      let server = try HTTPServerBox(endpoint)
      let routes = MetricsRoutes(controller: self)
      server.start { await routes.answer($0) }
      metricsServer = server
      ProcessLog.write("info: metrics are told at \(endpoint)/metrics")
    } catch {
      ProcessLog.write("error: nobody is told metrics at \(endpoint): \(error)")
    }
  }

  /// Waits until the controller has nothing more to do.
  public func run() async { _ = await ended.wait(until: .never) }

  /// Ends the API and lets go of all processes.
  ///
  /// They run on, and serve; a later controller takes them over.
  public func stop() async {
    await server.stop()
    await metricsServer?.stop()
    for runner in applications {
      runner.record(
        EventRecord(
          .info, .controllerStopping,
          "the controller is being stopped; \(runner.stored.name) runs on, and the next controller takes it over"
        ))
      runner.leave()
    }
    await surroundings.store.flush()
    Failpoint.stopping.pass()
    unlink(home.controllerSocket)
    lock.release()
    ended.fire()
  }

  /// Whether some application is there.
  var hasApplications: Bool { !applications.isEmpty }
}

// Life: the end for want of work, and the seconds between.
extension Controller {
  func restIfIdle() {
    guard endsWhenIdle else { return }
    guard applications.isEmpty, busy.isEmpty else { return idleTimer.cancel() }
    idleTimer.set(.after(Self.idleTime)) { [weak self] in
      guard let self, self.applications.isEmpty, self.busy.isEmpty else { return }
      Loop.task { await self.stop() }
    }
  }

  /// Logs are looked at every so many seconds.
  private static let logPeriod = 5
  /// What an apply, a start or a long answer took is given back so often.
  private static let trimPeriod = 10

  private func cutLogs() {
    for runner in runners.values { runner.cutLogs() }
    _ = LogKeeper(folder: home.path + "/logs").cutLongFiles()
  }

  private func sampleEverySecond() async {
    var next = Instant.now
    var seconds = 0
    while !ended.isFired {
      next = next + .seconds(1)
      await Loop.sleep(until: next)
      let wall = WallClock.secondsSinceEpoch
      surroundings.store.retry()
      let sequence = surroundings.events.takeNumber()
      if hasApplications { surroundings.machine.look() }
      for runner in applications where !runner.isClosing { runner.sample(sequence: sequence, wall: wall) }
      seconds += 1
      if seconds.isMultiple(of: Self.logPeriod) { cutLogs() }
      if seconds.isMultiple(of: Self.trimPeriod) { Heap.trim() }
      if Instant.now > next + .seconds(1) { next = .now }
    }
  }
}

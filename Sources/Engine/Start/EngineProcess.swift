import ExpertParallel
import Glibc
import HTTP
import Model
import OpenAI
public import Platform
import Scheduling
import Telemetry

/// One rank as a process: the loop's thread speaks HTTP, a compute thread steps with the group.
@Loop
public final class EngineProcess {
  private let options: EngineOptions
  private let stats: StatsPageWriter<RankStats>
  private let text: ModelText
  private let control: GroupControl
  private let configuration: ModelConfiguration
  private let inbox: Mailbox<EngineCommand>
  private let started = Signal()
  /// The compute thread has ended.
  private let ended = Signal()
  /// It has ended, or the process is asked to end.
  private let news = Signal()
  private var facts: EngineFacts?
  private var failure: EngineError?
  private var service: EngineService?

  /// Told when requests can come, where the rank is a service of its own.
  private let manager = ServiceManager.takeFromEnvironment()

  /// What asks the process to end.
  private nonisolated static let endings = [SIGTERM, SIGINT]
  /// How long requests may go on after SIGTERM, and how long other ranks' requests after that.
  private static let drainGrace = Duration.seconds(30)
  private static let leaveGrace = Duration.seconds(5)

  /// Runs an engine with the arguments of a command line (without the program's name), and ends the process.
  public nonisolated static func main(_ arguments: [String]) -> Never {
    if arguments.contains("--help") || arguments.contains("-h") {
      print(EngineHelp.text, terminator: "")
      exit(0)
    }
    if arguments.contains("--version") {
      print("dpengine \(Version.current)")
      exit(0)
    }
    SingleThreadedBLAS.ensure()
    signal(SIGPIPE, SIG_IGN)
    EventLoop.shared.run {
      do throws(EngineError) {
        var options = try EngineOptions(parsing: arguments)
        try options.read { name in getenv(name).map { String(cString: $0) } }
        try await EngineProcess(options).run()
        return 0
      } catch {
        ProcessLog.fail("dpengine", "\(error)")
        return error.exitCode
      }
    }
  }

  private init(_ options: EngineOptions) throws(EngineError) {
    self.options = options
    stats = try Self.statsPage(options)
    stats.enter(.spawn)
    let configuration: ModelConfiguration
    do { configuration = try ModelConfiguration(folder: options.model) } catch {
      throw .configuration("\(error)")
    }
    self.configuration = configuration
    text = try ModelText(folder: options.model)
    let control = try RankAssembly.openGroup(options, configuration)
    self.control = control
    inbox = Mailbox { control.wake() }
    try startCompute(configuration)
  }

  private static func statsPage(_ options: EngineOptions) throws(EngineError) -> StatsPageWriter<RankStats> {
    do {
      if let path = options.statsPage { return try StatsPageWriter(path: path) }
      let path = "/tmp/dpengine-\(getpid()).stats"
      defer { unlink(path) }
      return try StatsPageWriter(path: path)
    } catch {
      throw .system("\(error)")
    }
  }

  private func startCompute(_ configuration: ModelConfiguration) throws(EngineError) {
    let relay = EventRelay { [weak self] events in self?.receive(events) }
    try ComputeThread.start("compute") { [options, stats, control, inbox] in
      // They are the loop's, which ends the process or drains it.
      Signals.block(Self.endings)
      do throws(EngineError) {
        let assembly = try RankAssembly(options, configuration, control, stats)
        let loop = try assembly.assemble(inbox: inbox) { relay.post($0) }
        try RankAssembly.grouping { () throws(ExpertParallelError) in try loop.run() }
        relay.post(.ended(nil))
      } catch {
        relay.post(.ended(error))
      }
    }
  }

  private func receive(_ events: [EngineEvent]) {
    for event in events {
      switch event {
      case .ready(let facts):
        self.facts = facts
        started.fire()
      case .ended(let error):
        failure = error
        for signal in [started, ended, news] { signal.fire() }
      case .membership(let ranks):
        ProcessLog.write("the group goes on with ranks \(ranks.map(String.init).joined(separator: ", "))")
      default: continue
      }
    }
    service?.receive(events)
  }

  private func run() async throws(EngineError) {
    _ = await started.wait(until: .never)
    if let failure { throw failure }
    guard let facts else { throw .system("the compute thread ended before it was ready") }
    try listenForSignals()
    let adapters = try await readAdapters()
    let server = try serve(facts, adapters)
    let accepting = Loop.task { await server.run() }
    stats.enter(.ready)
    manager?.tell("READY=1")
    ProcessLog.write(
      "rank \(options.dataParallelRank) of \(options.dataParallelSize) serves on \(options.endpoint)")
    let heart = Loop.task { await self.beat() }
    defer { heart.cancel() }
    _ = await news.wait(until: .never)
    if ended.isFired { await settle() } else { await drain(server) }
    accepting.cancel()
    if let failure { throw failure }
  }

  /// The store of adapters, once each that the command line names was read; nil when none are served.
  private func readAdapters() async throws(EngineError) -> AdapterStore? {
    guard options.enableLoRA else { return nil }
    let catalogue = AdapterCatalogue(
      base: options.modelName, named: options.loraModules, folder: options.loraFolder)
    let store = AdapterStore(catalogue, limit: options.maxLoRAs, greatestRank: options.maxLoRARank) {
      [configuration] source in
      Result { () throws(ModelError) in try LoRAAdapter(folder: source.path, for: configuration) }
    }
    for name in options.loraModules.keys.sorted() {
      guard let source = catalogue.source(of: name) else { continue }
      do { store.release(try await store.acquire(source)) } catch { throw .configuration("\(error)") }
    }
    return store
  }

  private func serve(_ facts: EngineFacts, _ adapters: AdapterStore?) throws(EngineError) -> HTTPServer {
    let metrics = RequestMetrics(stats: stats, maxModelLength: facts.limits.maxModelLength)
    metrics.groupRanks = facts.ranks
    var limits = facts.limits
    limits.endTokens.formUnion(text.defaults.endTokens)
    let planner = RequestPlanner(
      limits: limits, ordersByPriority: options.schedulingPolicy == .priority, defaults: text.defaults)
    let service = EngineService(
      options: options, text: text, planner: planner, inbox: inbox, metrics: metrics,
      adapters: adapters)
    self.service = service
    let page = MetricsPage(
      service, load: control.load, balance: control.balance,
      cacheConfiguration: cacheConfiguration(facts), memory: facts.memory.parts(blocks: facts.blockCount))
    let handler = RequestHandler(service, metricsPage: page)
    do {
      let listener = try Listener(Listener.open(options.endpoint))
      return HTTPServer(
        listener, limits: Self.limits(options.endpoint),
        refusal: { ("application/json", APIError.malformedRequest(status: $0, $1).body) },
        handler: { exchange in await handler.handle(exchange) })
    } catch {
      throw .system("cannot listen on \(options.endpoint): \(error)")
    }
  }

  /// On its own socket the ingress may hand over all tokens of a long answer in a header field.
  private static func limits(_ endpoint: Endpoint) -> HTTPLimits {
    var limits = HTTPLimits()
    if case .unix = endpoint { limits.headBytes = 8 << 20 }
    return limits
  }

  private func cacheConfiguration(_ facts: EngineFacts) -> [(String, String)] {
    let tokens = facts.blockCount * options.blockSize
    let concurrency = Double(tokens) / Double(facts.limits.maxModelLength)
    return [
      ("block_size", String(options.blockSize)), ("num_gpu_blocks", String(facts.blockCount)),
      ("kv_cache_size_tokens", String(tokens)), ("kv_cache_max_concurrency", String(concurrency)),
      ("num_gpu_blocks_override", options.blockCountOverride.map(String.init) ?? "None"),
      ("gpu_memory_utilization", String(options.memoryUtilization)),
      ("enable_prefix_caching", options.enablePrefixCaching ? "True" : "False"),
    ]
  }

  /// Shows once a second that the process lives, also while its group pauses, and how far its other thread is.
  private func beat() async {
    // Without the table only what is told about single experts is missing.
    let experts = try? options.statsPage.map { path throws(StatsPageError) in
      try ExpertTablePublisher(control.load, statsPage: path)
    }
    while !Task.isCancelled {
      stats.beat()
      tellProgress()
      experts?.publish()
      await Loop.sleep(for: .seconds(1))
    }
  }

  /// The compute thread could tell nothing from within a step that never ends.
  private func tellProgress() {
    let progress = control.progress(of: options.dataParallelRank)
    stats.set(.exchanges, Int64(clamping: progress.exchanges))
    stats.set(.waitsFor, Double(progress.awaited.map { $0 + 1 } ?? 0))
    stats.set(.unfinished, Double(service?.unfinished ?? 0))
  }

  /// Has the process drained when it is asked to end.
  ///
  /// Until then the signals end it at once: a rank that starts has nothing to finish, and may wait for another that will
  /// never come.
  private func listenForSignals() throws(EngineError) {
    Signals.block(Self.endings)
    do {
      let signals = try Signals(Self.endings)
      Loop.task {
        _ = await signals.next()
        self.news.fire()
      }
    } catch { throw .system("\(error)") }
  }

  /// Gives the answers under way, which have just been told of the failure, the time to be written.
  private func settle() async {
    let deadline = Instant.after(.seconds(2))
    while let service, service.answering > 0, Instant.now < deadline {
      await Loop.sleep(for: .milliseconds(5))
    }
  }

  /// Finishes what is under way, then leaves the group once all its ranks are idle.
  private func drain(_ server: HTTPServer) async {
    ProcessLog.write("draining, \(service?.answering ?? 0) requests under way")
    stats.enter(.draining)
    manager?.tell("STOPPING=1")
    service?.isDraining = true
    let isDrained = await server.drain(until: .after(Self.drainGrace))
    if !isDrained { ProcessLog.write("requests were cut off after \(Self.drainGrace)") }
    inbox.post(.stop)
    let hasLeft = await ended.wait(until: .after(Self.leaveGrace))
    if !hasLeft { ProcessLog.write("ends before the other ranks of its group are idle") }
  }
}

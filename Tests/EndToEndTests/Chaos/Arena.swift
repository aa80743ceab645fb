import ControlAPI
import ControlClient
import FoundationEssentials
import Glibc
import HTTP
import Platform
import Testing

/// A home with a controller of its own and real ingress replicas, whose ranks are fakes.
///
/// These start at once and do as a script says. Everything that is seen becomes evidence.
@Loop
final class Arena {
  let folder: String
  let home: HomeDirectory
  var evidence = Evidence()
  /// What the application should be now.
  var wish = Wish()
  let client: ControlClient
  private(set) var load: StreamLoad?
  private let tools: String
  private let runner: Runner
  private let scanner: ProcessScanner
  private let environment: [String]
  private var isWatching = true
  private var watch: Task<Void, Never>?
  private var controller: ChildProcess?
  /// Devices of the one node; as many as there are ranks where nil, so that no stand-in finds room.
  var devices: Int?
  /// What the database says of its version, while it is told to say something else.
  var formerSchema: Int?
  private var descriptorsBefore = 0

  /// What an operator asked for last.
  struct Wish: Equatable {
    var groups = 2
    var ranks = 2
    var ingress = 2
    var sequences = 8
    var policy = "restart_gang"
    var script = ""
  }

  static let application = "demo"
  private static let scanInterval = Duration.milliseconds(30)
  private static let commandLimit = Duration.seconds(20)

  init() throws {
    var template = Array("/tmp/dpc-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    home = HomeDirectory(path: folder + "/home")
    tools = try FakeTools.folder
    let inherited = Environment.all.filter { entry in
      !["DPDEPLOY_", "NO_COLOR=", "FAKE="].contains { entry.hasPrefix($0) }
    }
    environment =
      inherited + [
        "DPDEPLOY_HOME=\(home.path)", "DPDEPLOY_MODELS=\(folder)", "NO_COLOR=1",
        "DPDEPLOY_FAILPOINT_FILE=\(folder)/failpoint",
      ]
    runner = Runner(folder: folder, environment: environment)
    client = ControlClient(home: home)
    scanner = ProcessScanner(home: home.path)
    try write("{}", to: "toy/config.json")
    watch = Task { await self.keepWatching() }
  }

  private func keepWatching() async {
    while isWatching {
      evidence.scans.append(scanner.scan())
      await Loop.sleep(for: Self.scanInterval)
    }
  }

  private func write(_ text: String, to name: String) throws {
    let path = folder + "/" + name
    let parent = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  /// The processes there are now.
  func scan() -> ProcessScan {
    let scan = scanner.scan()
    evidence.scans.append(scan)
    return scan
  }

  /// Ends everything; what is left then is killed.
  func close() async {
    isWatching = false
    await load?.stop()
    await watch?.value
    await killController()
    for pid in Population(of: home).all { kill(pid, SIGKILL) }
    try? await wait(for: "the end of all", within: .seconds(5)) {
      Population(of: home).isEmpty ? () : nil
    }
    try? FileManager.default.removeItem(atPath: folder)
  }
}

// The controller.
extension Arena {
  /// Arms an instant: the next controller that comes there, or does so for the `count`th time, is killed.
  func arm(_ failpoint: String, count: Int = 1) throws { try write("\(failpoint) \(count)", to: "failpoint") }

  var isArmed: Bool { access(folder + "/failpoint", F_OK) == 0 }

  func disarm() { unlink(folder + "/failpoint") }

  /// Starts a controller; it may be dead by the time that this returns, if an instant is armed.
  func startController() async throws {
    let log = FileDescriptor(
      owning: open(folder + "/controller.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600))
    let null = FileDescriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
    let child = try ChildProcess(
      Command(
        tools + "/dpdeployd", ["--foreground"], environment: environment,
        descriptors: [(null.raw, 0), (log.raw, 1), (log.raw, 2)]))
    controller = child
    try await wait(for: "the controller", within: .seconds(20), every: .milliseconds(5)) {
      if child.exitStatus != nil { return () }
      return (try? await client.version()) == nil ? nil : ()
    }
  }

  /// Counts what the controller holds now, to be compared with later.
  func noteDescriptors() throws {
    descriptorsBefore = Self.descriptors(of: try #require(controllerPid))
  }

  /// Kills whichever controller there is, one that a command started included.
  func killController() async {
    for pid in Population(of: home).others where isController(pid) { kill(pid, SIGKILL) }
    try? await untilControllerEnds()
  }

  /// Tells it to stop, and waits until it has.
  func stopController() async throws {
    controller?.send(SIGTERM)
    try await untilControllerEnds()
  }

  /// Waits until no controller of this home is there.
  func untilControllerEnds(within limit: Duration = .seconds(15)) async throws {
    try await wait(for: "the controller's end", within: limit, every: .milliseconds(5)) {
      hasController ? nil : ()
    }
  }

  var hasController: Bool { controllerPid != nil }

  /// Whichever controller there is, one that a command started included.
  var controllerPid: Int32? {
    if let controller, controller.exitStatus == nil { return controller.pid }
    return Population(of: home).others.first(where: isController)
  }

  /// Runs a program in this home's environment, which is none of the commands that are judged.
  func run(_ program: String, _ words: [String]) async throws -> Run {
    try await runner.run(program, words, within: .seconds(30))
  }

  private func isController(_ pid: Int32) -> Bool {
    guard ProcessRecord(pid: pid)?.isZombie == false else { return false }
    return (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe"))?.hasSuffix(
      "/dpdeployd") == true
  }

  private static func descriptors(of pid: Int32) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0
  }

  /// Measures the controller while nothing happens.
  func measureController(for time: Duration) async throws {
    let pid = try #require(controllerPid)
    let before = try #require(ProcessRecord(pid: pid))
    let start = Instant.now
    await Loop.sleep(for: time)
    let after = try #require(ProcessRecord(pid: pid))
    let zombies = ProcessRecord.allPids().count {
      ProcessRecord(pid: $0).map { $0.parent == pid && $0.isZombie } == true
    }
    evidence.controller = ControllerUse(
      idleCPU: Double(after.cpuNanoseconds - before.cpuNanoseconds) * 1e-9 / (Instant.now - start).inSeconds,
      residentBytes: after.residentBytes, descriptors: (descriptorsBefore, Self.descriptors(of: pid)),
      zombies: zombies)
  }
}

// Operators and clients.
extension Arena {
  var manifest: String {
    """
    apiVersion: dpdeploy/v1
    name: \(Self.application)
    llm_config:
      model_loading_config: {model_id: toy, model_source: toy}
      deployment_config: {num_replicas: \(wish.groups)}
      engine_kwargs: {data_parallel_size: \(wish.ranks), max_num_seqs: \(wish.sequences)}
      runtime_env: {env_vars: {FAKE: "\(wish.script)"}}
    ingress_deployment_config:
      autoscaling_config: {min_replicas: \(wish.ingress), max_replicas: \(wish.ingress)}
    ingress: {host: 127.0.0.1, port: 0}
    cluster: {nodes: 1, devices: \(devices ?? wish.groups * wish.ranks)}
    rollout: {drain_timeout_s: 10}
    failure_policy: \(wish.policy)
    """
  }

  /// Runs `dpdeploy`, as an operator would.
  @discardableResult
  func dpdeploy(_ words: String..., within limit: Duration = commandLimit) async throws -> Run {
    let start = Instant.now
    let run = try await runner.run(tools + "/dpdeploy", words, within: limit + .seconds(10))
    var code: Int32?
    if case .exited(let number) = run.status { code = number }
    evidence.commands.append(
      CommandTrace(
        words: words.joined(separator: " "), code: code, took: Instant.now - start, limit: limit))
    return run
  }

  /// Applies what is wished for; true when that was acknowledged.
  @discardableResult
  func apply(_ options: String...) async throws -> Bool {
    let text = manifest
    try write(text, to: "demo.yaml")
    let start = Instant.now
    let words = ["apply", folder + "/demo.yaml"] + options
    let run = try await runner.run(tools + "/dpdeploy", words, within: .seconds(30))
    var code: Int32?
    if case .exited(let number) = run.status { code = number }
    evidence.commands.append(
      CommandTrace(
        words: words.joined(separator: " "), code: code, took: Instant.now - start, limit: Self.commandLimit))
    try acknowledge(run, text)
    return run.ended(with: 0)
  }

  /// `demo updated (revision 2)`.
  private func acknowledge(_ run: Run, _ manifest: String) throws {
    guard let part = run.output.components(separatedBy: "(revision ").dropFirst().first,
      let revision = Int(part.prefix { $0.isNumber })
    else { return }
    evidence.acknowledged.removeAll { $0.revision == revision }
    evidence.acknowledged.append(Acknowledgement(revision: revision, manifest: manifest))
  }

  func status() async throws -> ApplicationStatus? {
    let applications = try await client.status().applications
    let status = applications.first { $0.name == Self.application }
    evidence.statuses.append(StatusTrace(time: .now, isHealthy: status?.isHealthy == true))
    return status
  }

  /// Waits until the processes are exactly those that are wished for, and the controller says HEALTHY.
  @discardableResult
  func untilAsWished() async throws -> ApplicationStatus {
    let start = Instant.now
    var last: ApplicationStatus?
    let healthy: ApplicationStatus = try await wait(
      for: "\(wish)", within: .seconds(30), every: .milliseconds(10),
      detail: {
        "\(last?.message ?? "no status"): \(scanner.scan().leaders.map { "\($0.place) e\($0.epoch)" }.sorted())"
      }
    ) {
      last = try? await self.status()
      guard let last, last.isHealthy, isAsWished(scan()) else { return nil as ApplicationStatus? }
      return last
    }
    evidence.recoveries.append(Instant.now - start)
    return healthy
  }

  private func isAsWished(_ scan: ProcessScan) -> Bool {
    scan.ranks.count == wish.groups * wish.ranks && scan.ingress.count == wish.ingress
      && scan.ranks.allSatisfy { $0.settings == "\(wish.sequences)" }
  }

  /// Lets clients begin to stream, one request after the other.
  func beginLoad(users: Int = 2) async throws {
    let endpoint = try #require(try await status()?.endpoint.value.flatMap(Endpoint.init))
    load = StreamLoad(users: users, at: endpoint)
  }

  /// Waits for the requests that are under way; what came of all is evidence.
  func endLoad() async {
    await load?.stop()
    evidence.streams += load?.traces ?? []
    load = nil
  }

  /// Kills a replica's process.
  func killReplica(_ replica: ReplicaStatus) throws {
    let pid = try #require(replica.pid.value)
    let process = try #require(scan().leaders.first { $0.pid == pid })
    evidence.kills.append(KillTrace(replica: replica.id, epoch: process.epoch))
    kill(pid, SIGKILL)
  }

  /// Takes the application away, and holds the end to its promise.
  func delete() async throws {
    let run = try await dpdeploy("delete", Self.application, "--yes")
    #expect(run.ended(with: 0), "\(run)")
    noteDeleted()
  }

  /// What is there now has outlived a delete that was acknowledged.
  func noteDeleted() {
    evidence.acknowledged = []
    evidence.afterDelete = scan()
  }

  /// Has the judge look at everything.
  func judge(_ note: String = "", sourceLocation: SourceLocation = #_sourceLocation) async throws {
    await endLoad()
    evidence.store = try StoreView(path: home.stateDatabase, application: Self.application)
    for violation in Judge(evidence: evidence).violations {
      Issue.record("\(violation)\n\(note)\n\(words)", sourceLocation: sourceLocation)
    }
  }

  /// The events, for a failure's message.
  var words: String {
    (evidence.store?.events ?? []).suffix(30).map { "\($0.reason) \($0.replica): \($0.message)" }
      .joined(separator: "\n")
  }
}

/// Gives `body` an arena, and cleans up behind it.
@Loop
func inArena(_ body: @Loop (Arena) async throws -> Void) async throws {
  let arena = try Arena()
  do { try await body(arena) } catch {
    await arena.close()
    throw error
  }
  await arena.close()
}

/// A folder in which the real controller finds fakes in the place of engines.
@Loop
enum FakeTools {
  private static var made: String?

  static var folder: String {
    get throws {
      if let made { return made }
      let built = Executable.directory ?? "."
      let folder = built + "/fake-tools"
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // Programs look beside where the kernel says that they lie, so these are hard links.
      for name in ["dpdeploy", "dpdeployd"] {
        try #require(link("\(built)/\(name)", "\(folder)/\(name)") == 0, "\(name): \(errno)")
      }
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/dpengine", withDestinationPath: built + "/dpfake")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/dpingress", withDestinationPath: built + "/dpingress")
      made = folder
      return folder
    }
  }
}

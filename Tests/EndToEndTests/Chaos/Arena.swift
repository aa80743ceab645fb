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
  var load: StreamLoad?
  let tools: String
  let runner: Runner
  let scanner: ProcessScanner
  let environment: [String]
  var controller: ChildProcess?
  let memoryGroup: String?
  private var isWatching = true
  private var watch: Task<Void, Never>?
  /// Devices of the one node; as many as there are ranks where nil, so that no stand-in finds room.
  var devices: Int?
  /// What the database says of its version, while it is told to say something else.
  var formerSchema: Int?
  /// What the controller held when somebody last counted.
  var descriptorsBefore = 0

  /// What an operator asked for last.
  struct Wish: Equatable {
    var groups = 2
    var ranks = 2
    var ingress = 2
    var sequences = 8
    var policy = "restart_gang"
    /// What is silent or stands still for three times as many seconds is ended.
    var check = 10.0
    /// The longest a start may stand still, and how long a revision must serve to be HEALTHY, in seconds.
    var deadline = 600.0
    var minReady = 0.0
    var port = 0
    var script = ""
  }

  static let application = "demo"
  private static let scanInterval = Duration.milliseconds(30)

  /// - Parameters:
  ///   - protection: one that the controller is to leave out.
  ///   - memoryGroup: the control group that the controller and all that it starts are to be in.
  init(without protection: String? = nil, memoryGroup: String? = nil) throws {
    self.memoryGroup = memoryGroup
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
      ] + (protection.map { ["DPDEPLOY_WITHOUT=\($0)"] } ?? [])
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

  func write(_ text: String, to name: String) throws {
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

/// Gives `body` an arena, and cleans up behind it.
@Loop
func inArena(
  without protection: String? = nil, memoryGroup: String? = nil, _ body: @Loop (Arena) async throws -> Void
) async throws {
  let arena = try Arena(without: protection, memoryGroup: memoryGroup)
  do { try await body(arena) } catch {
    await arena.close()
    throw error
  }
  await arena.close()
}

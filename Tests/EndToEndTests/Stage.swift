import ControlAPI
import FoundationEssentials
import Glibc
import Platform
import Testing

/// A home directory of its own, the built tools, and manifests that take any free port.
@Loop
final class Stage {
  /// Where manifests and other files of the test are.
  let folder: String
  let home: HomeDirectory
  /// Every status that was printed, to be held to its schema at the end.
  private var statuses: [String] = []
  private let runner: Runner

  init() throws {
    // Short, as paths of sockets must be.
    var template = Array("/tmp/dpe-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    home = HomeDirectory(path: folder + "/home")
    runner = Runner(folder: folder, environment: Self.environment(home))
  }

  private static func environment(_ home: HomeDirectory) -> [String] {
    let ours = ["DPDEPLOY_", "NO_COLOR=", "LC_ALL=", "TERM=", "TMUX="]
    let inherited = Environment.all.filter { entry in !ours.contains { entry.hasPrefix($0) } }
    return inherited
      + ["DPDEPLOY_HOME=\(home.path)", "NO_COLOR=1", "LC_ALL=C.UTF-8", "TERM=xterm-256color"]
  }

  /// Runs a program of the system in this stage's environment.
  @discardableResult
  func run(_ program: String, _ words: [String], within limit: Duration = .seconds(30)) async throws -> Run {
    try await runner.run(program, words, within: limit)
  }

  /// Runs `dpdeploy`.
  @discardableResult
  func dpdeploy(_ words: String..., within limit: Duration = .seconds(30)) async throws -> Run {
    try await run(Tools.path(of: "dpdeploy"), words, within: limit)
  }

  /// Writes the quickstart manifest, on any free port and with some of its text changed; gives its path.
  @discardableResult
  func quickstart(_ changes: [(from: String, to: String)] = []) throws -> String {
    var manifest = try text(ofFile: Tools.root + "/manifests/quickstart.yaml")
    for (from, to) in [("port: 8000", "port: 0")] + changes {
      try #require(manifest.contains(from), "the quickstart manifest has no `\(from)` any more")
      manifest.replace(from, with: to)
    }
    let path = folder + "/quickstart.yaml"
    try Data(manifest.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Runs `dpdeploy status --json`, and reads what it prints, which must be one object whatever happened.
  func look(_ words: String...) async throws -> (run: Run, status: Status) {
    let run = try await run(Tools.path(of: "dpdeploy"), ["status", "--json"] + words)
    statuses.append(run.output)
    do { return (run, try JSONDecoder().decode(Status.self, from: Data(run.output.utf8))) } catch {
      Issue.record("\(error): \(run)")
      throw error
    }
  }

  /// Ends what runs here, and holds the end to its promise: nothing is left.
  func close() async throws {
    let stop = try await dpdeploy("daemon", "stop", "--all", within: .seconds(60))
    #expect(stop.ended(with: 0) || stop.ended(with: 5), "\(stop)")
    defer { for pid in Population(of: home).all { kill(pid, SIGKILL) } }
    try await wait(for: "the end of all", within: .seconds(5), detail: { "\(Population(of: home))" }) {
      Population(of: home).isEmpty ? () : nil
    }
    try await check(statuses, against: "status.schema.json")
    try FileManager.default.removeItem(atPath: folder)
  }

  /// Holds JSON documents to a schema of the project; does nothing without the Python that can.
  func check(_ documents: [String], against schema: String) async throws {
    guard !documents.isEmpty, let python = Tools.python else { return }
    let path = folder + "/documents.json"
    try Data("[\(documents.joined(separator: ","))]".utf8).write(to: URL(filePath: path))
    let check = try await run(
      python, [Tools.tests + "/check_status.py", "\(Tools.root)/schema/\(schema)", path])
    #expect(check.ended(with: 0), "a document breaks \(schema): \(check)")
  }
}

/// Gives `body` a stage, and cleans up behind it.
@Loop
func onStage(_ body: @Loop (Stage) async throws -> Void) async throws {
  let stage = try Stage()
  do { try await body(stage) } catch {
    try? await stage.close()
    throw error
  }
  try await stage.close()
}

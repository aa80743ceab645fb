import Glibc
import Platform
import Supervision
import Testing

/// A folder of its own and small real processes in it, all of them ended with the test.
@Loop
final class Workshop {
  nonisolated let folder: String
  nonisolated let home: String
  private var processes: [SupervisedProcess] = []

  init() throws {
    var template = Array("/tmp/supervision-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    home = ProcessToken.hash(ofHome: folder)
  }

  /// Runs a shell script as a supervised process.
  func shell(_ script: String, index: String = "0", descriptors: [(ours: Int32, theirs: Int32)] = []) throws
    -> SupervisedProcess
  {
    let token = ProcessToken(home: home, application: "app", role: "rank", index: index, epoch: 1)
    let process = try SupervisedProcess(
      LaunchSpec(
        executable: "/bin/sh", arguments: ["-c", script], environment: ["GREETING=hello"],
        descriptors: descriptors, logPath: "\(folder)/\(index).log", token: token))
    processes.append(process)
    return process
  }

  /// The ids of the living processes of this workshop.
  nonisolated func living() -> [Int32] {
    TokenScan.processes().filter { $0.token.home == home }.map(\.pid)
  }

  /// Waits until the log of `index` holds `text`.
  func log(_ index: String = "0", holds text: String) async -> Bool {
    let deadline = Instant.after(.seconds(10))
    while Instant.now < deadline {
      if LogTail.lines(of: "\(folder)/\(index).log", count: 100).contains(text) { return true }
      await Loop.sleep(for: .milliseconds(2))
    }
    return false
  }

  func close() async {
    _ = await ProcessTree.end(processes, grace: nil)
    for name in (0..<4).map({ "\($0).log" }) { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }
}

/// Gives `body` a workshop and cleans up after it.
@Loop
func inWorkshop(_ body: @Loop (Workshop) async throws -> Void) async throws {
  let workshop = try Workshop()
  do { try await body(workshop) } catch {
    await workshop.close()
    throw error
  }
  await workshop.close()
}

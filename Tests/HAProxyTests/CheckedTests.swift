import FoundationEssentials
import Glibc
import HAProxy
import Platform
import Testing

/// Every shape of configuration as Debian's HAProxy reads it.
@Suite(.timeLimit(.minutes(1))) @Loop struct `HAProxy itself` {
  @Test(arguments: [true, false], [nil, 0.05, 50.0])
  func `takes every shape of configuration`(usesTLS: Bool, rate: Double?) async throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    if usesTLS { try makeCertificate(folder + "/f0.pem") }
    for key in FrontSettings.RateKey.allCases {
      var settings = fullSettings
      settings.usesTLS = usesTLS
      settings.requestsPerSecond = rate
      settings.rateKey = key
      let text = Configuration(settings, paths(in: folder), states: [.ready]).text
      let (status, words) = try await check(text, in: folder)
      #expect(status == .exited(0) && !words.contains("WARNING"), "\(words)\n\(text)")
    }
  }

  @Test func `refuses a configuration that names a certificate which is none`() async throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("no certificate\n".utf8).write(to: URL(filePath: folder + "/f0.pem"))
    let text = Configuration(fullSettings, paths(in: folder), states: []).text
    let (status, words) = try await check(text, in: folder)
    #expect(status == .exited(1) && words.contains("f0.pem"), "\(words)")
  }

  /// A folder whose name has what a configuration's reader would take for its own.
  private func temporaryFolder() throws -> String {
    let folder = "/tmp/it's a \"$HOME\" #\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  private func check(_ text: String, in folder: String) async throws -> (Platform.ExitStatus, String) {
    let file = folder + "/haproxy.cfg"
    try Data(text.utf8).write(to: URL(filePath: file))
    let listener = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    return try await run(program(), ["-c", "-f", file], in: folder, listener.raw)
  }

  private func makeCertificate(_ path: String) throws {
    try Data(TestCertificate.pem.utf8).write(to: URL(filePath: path))
  }

  private func program() throws -> String {
    try #require(SearchPath.find("haproxy"), "apt install haproxy")
  }

  private func run(
    _ program: String, _ words: [String], in folder: String, _ socket: Int32
  ) async throws -> (Platform.ExitStatus, String) {
    let output = open(folder + "/output", O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0o600)
    defer { close(output) }
    let child = try ChildProcess(
      Command(program, words, descriptors: [(output, 1), (output, 2), (socket, 3)]))
    let status = try #require(await child.exit(until: .after(.seconds(20))))
    return (status, String(decoding: try Data(contentsOf: URL(filePath: folder + "/output")), as: UTF8.self))
  }
}

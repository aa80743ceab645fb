import ExpertParallel
import Glibc
import HTTP
import JSON
import Platform
import Testing

/// Real dpengine processes from the build folder, one a rank, on sockets in a folder of their own.
@Loop
final class EngineGroup {
  private(set) var ranks: [EngineRank]
  private let folder: String
  let segment: SharedMemory
  private let commonArguments: [String]

  /// Starts `world` ranks of one group and waits until all of them serve.
  init(_ world: Int, model: String = Fixtures.toy, arguments: [String] = []) async throws {
    folder = Fixtures.temporaryFolder()
    segment = try GroupControl.makeSegment()
    commonArguments =
      [
        "--model", model, "--served-model-name", "toy", "--data-parallel-size", "\(world)", "--group-fd", "7",
        "--seed", "7",
      ] + arguments
    ranks = []
    for rank in 0..<world { ranks.append(try start(rank)) }
    for rank in ranks {
      try #require(await rank.waitForLine(containing: "serves on"), "\(rank.log)")
    }
  }

  private func start(_ rank: Int) throws -> EngineRank {
    try EngineRank(
      socket: "\(folder)/r\(rank).sock",
      arguments: commonArguments + [
        "--data-parallel-rank", "\(rank)", "--stats-page", "\(folder)/r\(rank).stats",
      ], segment: segment.descriptor.raw)
  }

  /// Starts another process in the place of a rank that has ended, and waits until it serves.
  func replace(_ rank: Int) async throws {
    ranks[rank] = try start(rank)
    try #require(await ranks[rank].waitForLine(containing: "serves on"), "\(ranks[rank].log)")
  }

  /// Starts one more rank than there are, and waits until the group has let it in and it serves.
  func grow() async throws {
    ranks.append(try start(ranks.count))
    let newest = ranks[ranks.count - 1]
    try #require(await newest.waitForLine(containing: "serves on"), "\(newest.log)")
  }

  /// The socket of a rank.
  func socket(_ rank: Int) -> String { "\(folder)/r\(rank).sock" }

  /// Ends all ranks and removes their files.
  func stop() async {
    for rank in ranks { rank.process.send(SIGKILL) }
    for rank in ranks { _ = await rank.process.exit(until: .after(.seconds(10))) }
    Fixtures.remove(folder)
  }
}

/// One dpengine process, its log and a client.
@Loop
final class EngineRank {
  let process: ChildProcess
  let client: HTTPClient
  private(set) var log = ""
  private let output: AsyncDescriptor

  init(socket: String, arguments: [String], segment: Int32? = nil, environment: [String]? = nil) throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    var descriptors: [(ours: Int32, theirs: Int32)] = [(ends[1], 2)]
    if let segment { descriptors.append((segment, 7)) }
    process = try ChildProcess(
      Command(
        Fixtures.engine, arguments + ["--uds", socket], environment: environment, descriptors: descriptors))
    close(ends[1])
    output = try AsyncDescriptor(FileDescriptor(owning: ends[0]))
    client = HTTPClient(.unix(path: socket))
  }

  /// Reads the log until a line holds `text`; false when the log ends or 20 s pass before.
  func waitForLine(containing text: String) async -> Bool {
    let deadline = Instant.after(.seconds(20))
    while !log.utf8.split(separator: 10).contains(where: { String(Substring($0)).contains(text) }) {
      guard await readMore(until: deadline) else { return false }
    }
    return true
  }

  /// How the process ended, its whole log read; nil when it does not end within 20 s.
  func end() async -> Platform.ExitStatus? {
    let deadline = Instant.after(.seconds(20))
    while await readMore(until: deadline) {}
    return await process.exit(until: deadline)
  }

  private func readMore(until deadline: Instant) async -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(output.raw, &buffer, buffer.count)
      if count > 0 {
        log += String(decoding: buffer[..<count], as: UTF8.self)
        return true
      }
      guard count < 0, errno == EAGAIN, await output.readable(until: deadline) == .ready else { return false }
    }
  }

  /// Posts `body` and reads the answer's JSON.
  func post(
    _ path: String, _ body: String, fields: [(String, String)] = []
  ) async throws -> (status: Int, json: JSONValue) {
    let answer = try await client.request(
      "POST", path, fields: fields, body: Array(body.utf8), until: .after(.seconds(30)))
    return (answer.status, try JSONValue(parsing: answer.body))
  }

  /// A page as text.
  func get(_ path: String) async throws -> (status: Int, text: String) {
    let answer = try await client.request("GET", path, until: .after(.seconds(10)))
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
  }

  /// The value of a series of `/metrics`.
  func metric(_ name: String) async throws -> Double {
    let lines = try await get("/metrics").text.split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }, "\(name)")
    return try #require(line.split(separator: " ").last.flatMap { Double($0) })
  }

  /// Token ids that a greedy completion of `prompt` gives.
  func greedy(_ prompt: [Int32], count: Int) async throws -> [Int32] {
    let body =
      #"{"prompt":\#(prompt),"max_tokens":\#(count),"temperature":0,"ignore_eos":true,"return_token_ids":true}"#
    let answer = try await post("/v1/completions", body)
    try #require(answer.status == 200, "\(answer.json)")
    return try #require(answer.json["choices"]?.elements?.first?["token_ids"]?.elements).compactMap {
      $0.integer.map(Int32.init)
    }
  }

  /// Begins a stream; the caller reads its pieces.
  func stream(_ path: String, _ body: String, fields: [(String, String)] = []) async throws -> HTTPAnswer {
    var head = HeadWriter(method: "POST", target: path, host: "localhost")
    for (name, value) in fields { head.field(name, value) }
    return try await client.send("POST", head: head, body: Array(body.utf8), until: .after(.seconds(30)))
  }
}

/// Files of the tests and the build.
enum Fixtures {
  static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
  static let toy = root + "/Tests/Fixtures/deepseek-v3-toy"
  /// The engine that was built beside this test.
  static let engine =
    CommandLine.arguments[0].split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/dpengine"

  static func json(_ path: String) throws -> JSONValue { try JSONValue(parsing: try bytes(path)) }

  static func bytes(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"), "\(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return bytes
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try #require(fopen(path, "w"), "\(path)")
    defer { fclose(file) }
    try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
  }

  static func temporaryFolder() -> String {
    var template = Array("/tmp/dpengine-test-XXXXXX".utf8CString)
    return template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/tmp"
    }
  }

  /// Removes a flat folder.
  static func remove(_ folder: String) {
    guard let directory = opendir(folder) else { return }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      unlink(folder + "/" + name)
    }
    closedir(directory)
    rmdir(folder)
  }
}

import Glibc
public import Platform

/// A program that was run to its end for what it says.
public struct CapturedRun: Sendable, Equatable {
  /// How it ended; nil when it did not within its time, and was killed.
  public let status: Platform.ExitStatus?
  /// What it wrote to its standard output.
  public let output: String
  /// What it wrote to its standard error.
  public let errors: String

  private static let mostBytes = 256 * 1024

  /// Runs a program until it ends or `deadline` comes; then it and what it started are killed.
  ///
  /// What it reads and writes lies in memory, not in pipes: those could fill, or be held open by what it leaves running.
  ///
  /// - Parameters:
  ///   - environment: The whole of it, as `NAME=value`; nil gives it ours.
  ///   - input: What it reads from its standard input.
  @Loop
  public init(
    _ executable: String, _ arguments: [String], environment: [String]? = nil, input: [UInt8] = [],
    until deadline: Instant
  ) async throws(SystemError) {
    let source = try SharedMemory(name: "input", byteCount: 0)
    let output = try SharedMemory(name: "output", byteCount: 0)
    let errors = try SharedMemory(name: "errors", byteCount: 0)
    // The kernel writes to its own memory whole, and the place to read from stays the beginning.
    try checking("pwrite") { pwrite(source.descriptor.raw, input, input.count, 0) }
    let child = try ChildProcess(
      Command(
        executable, arguments, environment: environment,
        descriptors: [
          (source.descriptor.raw, 0), (output.descriptor.raw, 1), (errors.descriptor.raw, 2),
        ]))
    status = await child.exit(until: deadline)
    if status == nil { child.sendToGroup(SIGKILL) }
    self.output = Self.text(output.descriptor.raw)
    self.errors = Self.text(errors.descriptor.raw)
  }

  private static func text(_ fd: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: mostBytes)
    let count = bytes.withUnsafeMutableBytes { pread(fd, $0.baseAddress, $0.count, 0) }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}

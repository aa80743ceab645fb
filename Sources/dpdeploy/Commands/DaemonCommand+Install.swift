import CommandLine
import ControlAPI
import ControlClient
import FoundationEssentials
import Glibc
import Platform

/// `dpdeploy daemon install`: the controller as a service.
extension DaemonCommand {
  @Loop
  static func install(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let group = arguments.value("group")
    guard group == nil || arguments.flag("system") else { throw UsageError("--group goes with --system") }
    let scope: DaemonUnit.Scope = arguments.flag("system") ? .system(group: group) : .user
    let asked = arguments.value("into")
    guard let folder = asked ?? DaemonUnit.folder(scope, environment: { Environment[$0] }) else {
      throw ControlError(code: "no-home", message: "neither XDG_CONFIG_HOME nor HOME is set", exitCode: 2)
    }
    // A unit for others leaves the user's home to them.
    let home: String? =
      switch scope {
      case .system: DaemonUnit.systemHome
      case .user: asked == nil ? try HomeDirectory.ofEnvironment().path : nil
      }
    let program = arguments.value("program") ?? (Executable.directory ?? ".") + "/dpdeployd"
    let path = folder + "/" + DaemonUnit.fileName
    try write(DaemonUnit(scope: scope, program: program, home: home).text, to: path, in: folder)
    streams.line("wrote \(path)")
    guard asked == nil else { return .ok }
    guard access("/run/systemd/system", F_OK) == 0 else {
      streams.remark(
        "systemd does not run here, so nothing is started; `dpdeploy daemon start` starts the controller without it"
      )
      return .ok
    }
    return try await enable(scope, home: HomeDirectory(path: home ?? ""), streams)
  }

  private static func write(_ text: String, to path: String, in folder: String) throws(ControlError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw ControlError(code: "not-written", message: "\(path) cannot be written: \(error)")
    }
  }

  /// A controller that runs already gives way to the service; what it runs goes on.
  @Loop
  private static func enable(
    _ scope: DaemonUnit.Scope, home: HomeDirectory, _ streams: StandardStreams
  ) async throws -> ExitCode {
    let client = ControlClient(home: home)
    if let version = try? await client.version() { try await end(version.pid) }
    let manager = scope == .user ? ["--user"] : []
    for words in [["daemon-reload"], ["enable", "--now", DaemonUnit.fileName]] {
      let child = try ChildProcess(
        Command("/bin/sh", ["-c", "exec systemctl \"$@\"", "systemctl"] + manager + words, newSession: false))
      guard case .exited(0)? = await child.exit(until: .after(.seconds(60))) else {
        streams.complain("systemctl \((manager + words).joined(separator: " ")) failed")
        return .failed
      }
    }
    streams.line("the controller runs as the service \(DaemonUnit.fileName) in \(home.path)")
    if scope == .user {
      streams.remark("`loginctl enable-linger` has it run while nobody is logged in")
    }
    return .ok
  }
}

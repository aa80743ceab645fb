import CommandLine
import ControlAPI
import ControlClient
import Glibc
import Platform

/// `dpdeploy daemon`: the controller itself.
enum DaemonCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy daemon", "Start, stop or look at the controller.",
    discussion: """
      `apply` and dptop start it when they need it, and it ends by itself some seconds after the last application is \
      deleted. `stop` leaves the applications running and serving; the next controller takes them over, so a stop and a \
      start are how a new version comes in. `stop --all` deletes the applications first. `install` writes a unit for systemd \
      and starts that: the user's, or with --system the machine's, which keeps its state in /var/lib/dpdeploy. `repair` keeps what can be read of a \
      damaged state database and sets the file aside; applications of which nothing could be read are applied anew.
      """,
    operands: [
      OperandDescription("ACTION", "What to do.", choices: ["start", "stop", "status", "install", "repair"])
    ],
    options: [
      OptionDescription("all", .flag, "Delete every application first (stop)."),
      OptionDescription(
        "metrics", .value("HOST:PORT"),
        "Tell Prometheus of all applications at http://HOST:PORT/metrics (start).",
        fallback: "$DPDEPLOY_METRICS"),
      OptionDescription("system", .flag, "For the machine, not for the user (install)."),
      OptionDescription(
        "group", .value("GROUP"), "Whose members may look at the machine's controller (install --system)."),
      OptionDescription("into", .value("DIR"), "Write the unit there, and start nothing (install)."),
      OptionDescription(
        "program", .value("PATH"), "The controller's program (install).",
        fallback: "dpdeployd beside dpdeploy"),
      OptionDescription("json", .flag, "Print JSON for scripts (status)."),
      .color,
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    switch arguments.operands[0] {
    case "start": try await start(arguments, streams)
    case "stop": try await stop(arguments, streams)
    case "install": try await install(arguments, streams)
    case "repair": try await repair(streams)
    default: try await status(arguments, streams)
    }
  }

  @Loop
  private static func start(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode
  {
    let (client, started) = try await DaemonLauncher(
      home: try HomeDirectory.ofEnvironment(),
      arguments: arguments.value("metrics").map { ["--metrics", $0] } ?? []
    ).connect()
    let version = try await client.version()
    streams.line(
      "the controller \(started ? "is started" : "runs already") (pid \(version.pid)) in \(client.home.path)")
    return .ok
  }

  @Loop
  private static func stop(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode
  {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let version = try await client.version()
    if arguments.flag("all") { try await deleteAll(client) }
    try await end(version.pid)
    streams.line("the controller (pid \(version.pid)) is stopped")
    return .ok
  }

  /// Asks a controller to end, and waits until it has.
  @Loop
  static func end(_ pid: Int32) async throws(ControlError) {
    guard kill(pid, SIGTERM) == 0 else {
      throw ControlError(
        code: "not-stopped", message: "the controller (pid \(pid)) cannot be signalled: \(errno)")
    }
    let deadline = Instant.after(.seconds(60))
    while ProcessRecord(pid: pid)?.isZombie == false {
      guard Instant.now < deadline else {
        throw ControlError(
          code: "timeout", message: "the controller (pid \(pid)) is still stopping", exitCode: 6)
      }
      await Loop.sleep(for: .milliseconds(20))
    }
  }

  /// The controller's own program knows its database.
  @Loop
  private static func repair(_ streams: StandardStreams) async throws -> ExitCode {
    let home = try HomeDirectory.ofEnvironment()
    let program = (Executable.directory ?? ".") + "/dpdeployd"
    let child = try ChildProcess(Command(program, ["--home", home.path, "--repair"]))
    guard case .exited(let code)? = await child.exit(until: .after(.seconds(60))) else {
      streams.complain("the repair did not come to its end")
      return .failed
    }
    return ExitCode(rawValue: code) ?? .failed
  }

  /// Deletes all applications, all at the same time, and waits until nothing is left of them.
  @Loop
  private static func deleteAll(_ client: ControlClient) async throws(ControlError) {
    for application in try await client.status().applications { try await client.delete(application.name) }
    let deadline = Instant.after(.seconds(120))
    while try await !client.status().applications.isEmpty {
      guard Instant.now < deadline else {
        throw ControlError(code: "timeout", message: "the applications are still being deleted", exitCode: 6)
      }
      await Loop.sleep(for: .milliseconds(20))
    }
  }

  @Loop
  private static func status(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws
    -> ExitCode
  {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    do {
      let version = try await client.version()
      let state = ControllerStatus.running(version: version.version, pid: version.pid)
      streams.line(
        arguments.flag("json")
          ? json(state) : "running, version \(version.version), pid \(version.pid), in \(client.home.path)")
      return .ok
    } catch {
      streams.line(arguments.flag("json") ? json(ControllerStatus.unreachable(error.message)) : error.message)
      return ExitCode(rawValue: error.exitCode) ?? .failed
    }
  }
}

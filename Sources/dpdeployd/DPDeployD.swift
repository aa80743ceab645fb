import CommandLine
import ControlAPI
import Controller
import Glibc
import Manifest
import Platform

/// The controller as a program: parses, takes its home over, runs until it is told to end or has nothing to do.
@main struct DPDeployD {
  static let description = CommandDescription(
    "dpdeployd", "The controller: runs the applications of a home directory and answers for them.",
    discussion: """
      `dpdeploy apply` and `dptop` start it where none runs, and it ends by itself when its last application has been \
      deleted. SIGTERM ends it alone: what it runs goes on and serves, and the next controller takes it over, as it does \
      after a crash.
      """,
    options: [
      OptionDescription(
        "home", .value("DIR"), "The folder of its state, socket and logs.", fallback: "$DPDEPLOY_HOME"),
      OptionDescription(
        "metrics", .value("HOST:PORT"), "Also tell Prometheus, at http://HOST:PORT/metrics.",
        fallback: "$DPDEPLOY_METRICS"),
      OptionDescription(
        "repair", .flag, "Keep what can be read of a damaged state database, set the rest aside, and end."),
      OptionDescription(
        "failpoints", .flag,
        "List the instants at which a test can have it killed, by the file $\(Failpoint.variable)."),
      OptionDescription(
        "group", .value("GROUP"),
        "Let the members of this group look, by a name or a number; only its own user and root "
          + "may change something."),
      OptionDescription("foreground", .flag, "Stay without applications too, and end with the terminal."),
      .manual,
    ])

  static func main() {
    signal(SIGPIPE, SIG_IGN)
    Signals.block([SIGTERM, SIGINT, SIGHUP])
    umask(0o077)
    let manager = ServiceManager.takeFromEnvironment()
    raiseDescriptorLimit()
    EventLoop.shared.run {
      await run(Array(Swift.CommandLine.arguments.dropFirst()), manager).rawValue
    }
  }

  @Loop
  private static func run(_ words: [String], _ manager: ServiceManager?) async -> ExitCode {
    let streams = StandardStreams()
    do throws(UsageError) {
      guard case .run(let arguments) = try description.parse(words) else {
        streams.out(description.helpText(style: streams.outputStyle, width: streams.width))
        return .ok
      }
      guard !arguments.flag("man") else {
        streams.out(ManualPage(description, version: Version.current, seeAlso: ["dpdeploy"]).text)
        return .ok
      }
      guard !arguments.flag("failpoints") else {
        for point in Failpoint.allCases { streams.line(point.rawValue) }
        return .ok
      }
      guard let home = home(arguments) else {
        throw UsageError("there is no home directory", help: "set DPDEPLOY_HOME or give --home DIR")
      }
      if arguments.flag("repair") { return repair(home, streams) }
      let metrics = try metrics(arguments)
      let group = try group(arguments)
      return await serve(home, isForeground: arguments.flag("foreground"), metrics, group, manager)
    } catch {
      streams.error("dpdeployd: error: \(error.description)\n" + (error.help.map { "help: \($0)\n" } ?? ""))
      return .usage
    }
  }

  private static func repair(_ home: HomeDirectory, _ streams: StandardStreams) -> ExitCode {
    do {
      let repair = try StoreRepair(home: home)
      guard let aside = repair.asidePath else {
        streams.line("there is no state in \(home.path), so nothing is to be repaired")
        return .ok
      }
      let kept = repair.kept.map { "\($0.rows) \($0.table)" }.joined(separator: ", ")
      streams.line("kept \(kept); the former file is \(aside)")
      if !repair.damaged.isEmpty {
        streams.line("not all could be read of: \(repair.damaged.joined(separator: ", "))")
      }
      return .ok
    } catch {
      streams.error("dpdeployd: error: \(error)\n")
      if case .locked = error { return .conflict }
      return .failed
    }
  }

  private static func home(_ arguments: ParsedArguments) -> HomeDirectory? {
    guard let path = arguments.value("home") else { return HomeDirectory { Environment[$0] } }
    guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return HomeDirectory(path: path) }
    defer { free(here) }
    return HomeDirectory(path: String(cString: here) + "/" + path)
  }

  private static func metrics(_ arguments: ParsedArguments) throws(UsageError) -> Endpoint? {
    guard let text = arguments.value("metrics") ?? Environment["DPDEPLOY_METRICS"], !text.isEmpty else {
      return nil
    }
    guard let endpoint = Endpoint(text), case .tcp = endpoint else {
      throw UsageError("--metrics takes HOST:PORT, such as 127.0.0.1:9464, not `\(text)`")
    }
    return endpoint
  }

  private static func group(_ arguments: ParsedArguments) throws(UsageError) -> gid_t? {
    guard let name = arguments.value("group") else { return nil }
    if let number = gid_t(name) { return number }
    guard let entry = getgrnam(name) else { throw UsageError("there is no group `\(name)`") }
    return entry.pointee.gr_gid
  }

  @Loop
  private static func serve(
    _ home: HomeDirectory, isForeground: Bool, _ metrics: Endpoint?, _ group: gid_t?,
    _ manager: ServiceManager?
  ) async -> ExitCode {
    let executable = Executable.path ?? "dpdeployd"
    let models = ModelLookup.bundledFolders(executable: executable, override: Environment["DPDEPLOY_MODELS"])
    do {
      let controller = try await Controller.begin(
        home: home, tools: .beside(executable: executable, models: models), endsWhenIdle: !isForeground,
        metrics: metrics, readers: group)
      ProcessLog.write("info: the controller (pid \(getpid())) runs in \(home.path)")
      watchSignals(controller, isForeground, manager)
      manager?.tell("READY=1", "STATUS=runs in \(home.path)")
      if let manager, let interval = manager.watchdog {
        Loop.task { await beat(manager, every: interval / 2) }
      }
      await controller.run()
      ProcessLog.write("info: the controller has ended")
      return .ok
    } catch {
      if case .locked = error { await waitForTheOther(home) }
      ProcessLog.write("error: \(error)")
      return .conflict
    }
  }

  @Loop
  private static func watchSignals(
    _ controller: Controller, _ isForeground: Bool, _ manager: ServiceManager?
  ) {
    guard let signals = try? Signals([SIGTERM, SIGINT, SIGHUP]) else { return }
    Loop.task {
      while let signal = await signals.next() {
        guard signal != SIGHUP || isForeground else { continue }
        ProcessLog.write(
          "info: signal \(signal): the controller ends; what it runs goes on, and the next controller takes it over"
        )
        manager?.tell("STOPPING=1", "STATUS=ends; what it runs goes on")
        await controller.stop()
      }
    }
  }

  /// Says that the loop goes round, for as long as it does.
  @Loop
  private static func beat(_ manager: ServiceManager, every interval: Duration) async {
    while true {
      manager.tell("WATCHDOG=1")
      await Loop.sleep(for: interval)
    }
  }

  /// Two clients may start a controller at the same time: the second one leaves only when the first can be asked, so
  /// that neither client sees a start fail.
  @Loop
  private static func waitForTheOther(_ home: HomeDirectory) async {
    let deadline = Instant.after(.seconds(5))
    while Instant.now < deadline {
      let soon = Instant.after(.seconds(1))
      if let socket = try? await Socket.connect(to: .unix(path: home.controllerSocket), until: soon) {
        socket.close()
        await Loop.sleep(for: .milliseconds(100))
        return
      }
      await Loop.sleep(for: .milliseconds(10))
    }
  }

  /// Each process of ours costs a few descriptors, and the usual limit of 1024 is for programs that use `select`.
  private static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = min(limit.rlim_max, 65_536)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}

import Attachment
import CommandLine
import Console
import ControlAPI
import Glibc
import Platform
import Terminal

/// The console: parses the command line, then hands over.
@main struct DPTop {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    Signals.block(ConsoleSession.signals)
    let arguments = Swift.CommandLine.arguments
    EventLoop.shared.run { await run(arguments.first ?? "dptop", Array(arguments.dropFirst())) }
  }

  static let description = CommandDescription(
    "dptop", "Launch, watch and mend data-parallel deployments on one screen.",
    discussion: """
      With manifests, shows their errors and plan; `a` launches. Without any, lists those of the folder and the bundled \
      ones, or shows what runs. `?` lists the keys. Quitting leaves everything running.
      """,
    operands: [
      OperandDescription("MANIFEST", "Manifests, folders of them, or names of bundled ones.", 0...64)
    ],
    options: [
      OptionDescription(
        "attach", .repeated("URL"),
        "Watch the metrics page of vLLM, SGLang or Ray there, such as host:8000, without a controller; may be repeated. "
          + "DPDEPLOY_API_KEY is sent as bearer token."),
      OptionDescription(
        "prometheus", .value("URL"),
        "Watch the engines that the Prometheus server there scrapes, such as host:9090, without a controller. "
          + "DPDEPLOY_API_KEY is sent as bearer token."),
      OptionDescription(
        "selector", .value("MATCHERS"),
        "With --prometheus: only series with these labels, such as 'job=\"vllm\"'."),
      OptionDescription(
        "dcgm", .repeated("URL"),
        "With --attach, or without a controller: tell of devices as the DCGM exporter there does, such as host:9400; may "
          + "be repeated."),
      OptionDescription("once", .flag, "Print one screen and end."),
      OptionDescription(
        "screen", .value("NAME"), "The screen to begin with.", choices: ScreenKind.allCases.map(\.rawValue)),
      OptionDescription("readonly", .flag, "Refuse everything that changes something."),
      OptionDescription("record", .value("FILE"), "Record what is seen to a new file."),
      OptionDescription("replay", .value("FILE"), "Look at a recording, with time going both ways."),
      OptionDescription("size", .value("WxH"), "Draw that large, such as 160x48."),
      OptionDescription(
        "format", .value("FORMAT"), "What --once prints.", choices: ["text", "ansi", "json", "svg"],
        fallback: "text"
      ),
      OptionDescription(
        "color", .value("DEPTH"), "How many colours.", choices: ["auto", "16", "256", "true", "never"],
        fallback: "auto"),
      OptionDescription("no-color", .flag, "No colour; as --color never."),
      OptionDescription("theme", .value("NAME"), "A theme's name, or a .theme file in btop's format."),
      OptionDescription(
        "graphs", .value("SET"), "What charts are drawn with.",
        choices: ConsoleOptions.Graphs.allCases.map(\.rawValue), fallback: "braille"),
      OptionDescription("ascii", .flag, "Draw with ASCII alone; as --graphs ascii."),
      OptionDescription(
        "alert", .repeated("KIND"), "When a hint begins: ring, or show a message on the desktop (OSC 9).",
        choices: AlertOptions.Kind.allCases.map(\.rawValue)),
      OptionDescription(
        "alert-command", .value("COMMAND"),
        "When a hint begins: run this shell command, with the hint as JSON on its standard input and in DPTOP_ALERT_ID, "
          + "_SEVERITY, _TITLE, _APPLICATION, _REPLICA, _EVIDENCE and _ADVICE."),
      OptionDescription(
        "alert-level", .value("SEVERITY"), "How grave it must be for that.",
        choices: Severity.allCases.map(\.rawValue), fallback: Severity.warning.rawValue),
      OptionDescription("no-mouse", .flag, "Leave the mouse to the terminal."),
      OptionDescription("keys", .flag, "Print which key does what, as a keys file."),
      OptionDescription("version", .flag, "Print the version."),
      .manual,
    ],
    examples: [
      .init("dptop manifests/quickstart.yaml", "look at a manifest, launch it with a, watch it"),
      .init(
        "dptop --attach node1:8000 --attach node2:8000", "watch vLLM ranks that something else has started"),
      .init("dptop --prometheus prometheus:9090", "watch the engines that Prometheus scrapes"),
      .init("dptop --once --size 120x40", "print what the screen would show"),
    ])

  private static func run(_ program: String, _ words: [String]) async -> Int32 {
    do {
      guard case .run(let arguments) = try description.parse(words) else {
        write(description.helpText(style: .plain))
        return 0
      }
      if arguments.flag("version") {
        write("dptop \(Version.current)\n")
        return 0
      }
      if arguments.flag("man") {
        write(ManualPage(description, version: Version.current, seeAlso: ["dpdeploy"]).text)
        return 0
      }
      let options = try options(program, arguments)
      if arguments.flag("keys") {
        write(options.keymap().keymap.text)
        return 0
      }
      return await show(options)
    } catch let error as UsageError {
      complain(error.description + (error.help.map { "\n  help: " + $0 } ?? ""))
      return ExitCode.usage.rawValue
    } catch {
      complain("\(error)")
      return ExitCode.failed.rawValue
    }
  }

  private static func show(_ options: ConsoleOptions) async -> Int32 {
    if options.once { return await ConsoleOnce.run(options) }
    do {
      return try await ConsoleSession(options).run()
    } catch ScreenError.notATerminal {
      _ = await ConsoleOnce.run(options)
      return 0
    } catch {
      complain("\(error)")
      return ExitCode.failed.rawValue
    }
  }

  private static func options(_ program: String, _ arguments: ParsedArguments) throws -> ConsoleOptions {
    guard let home = HomeDirectory(environment: { Environment[$0] }) else {
      throw UsageError("no home folder: set HOME or DPDEPLOY_HOME")
    }
    var options = ConsoleOptions(home: home) { Environment[$0] }
    options.program = program
    options.manifests = arguments.operands
    options.attached = try arguments.allValues("attach").map { try page($0, of: "attach") }
    options.prometheus = try server(arguments)
    options.exporters = try arguments.allValues("dcgm").map { try page($0, of: "dcgm") }
    options.once = arguments.flag("once")
    options.screen = arguments.value("screen").flatMap(ScreenKind.init(rawValue:))
    options.readOnly = arguments.flag("readonly")
    options.record = arguments.value("record")
    options.replay = arguments.value("replay")
    options.format = arguments.value("format").flatMap(ConsoleOptions.Format.init(rawValue:)) ?? .text
    options.colors = arguments.value("color").flatMap(ColorWish.init(rawValue:)) ?? .auto
    if arguments.flag("no-color") { options.colors = .never }
    options.theme = arguments.value("theme")
    options.graphs = arguments.value("graphs").flatMap(ConsoleOptions.Graphs.init(rawValue:)) ?? .braille
    if arguments.flag("ascii") { options.graphs = .ascii }
    options.alerts.kinds = arguments.allValues("alert").compactMap(AlertOptions.Kind.init(rawValue:))
    options.alerts.command = arguments.value("alert-command")
    options.alerts.level = arguments.value("alert-level").flatMap(Severity.init(rawValue:)) ?? .warning
    options.mouse = !arguments.flag("no-mouse")
    options.size = try arguments.value("size").map(size)
    return options
  }

  private static func page(_ text: String, of option: String) throws(UsageError) -> String {
    guard let page = AttachedURL.page(text) else {
      throw UsageError("--\(option) takes a URL such as http://host:8000/metrics or host:8000, not `\(text)`")
    }
    return page
  }

  private static func server(_ arguments: ParsedArguments) throws(UsageError) -> PrometheusServer? {
    let selector = arguments.value("selector")
    guard let url = arguments.value("prometheus") else {
      if selector != nil {
        throw UsageError("--selector chooses among what --prometheus tells; give that, too")
      }
      return nil
    }
    guard arguments.allValues("attach").isEmpty else {
      throw UsageError("--prometheus and --attach are two ways to watch; take one of them")
    }
    guard let server = PrometheusServer(url: url, selector: selector ?? "") else {
      throw UsageError("--prometheus takes a URL such as http://host:9090 or host:9090, not `\(url)`")
    }
    return server
  }

  private static func size(_ text: String) throws(UsageError) -> (columns: Int, rows: Int) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let columns = parts[0], let rows = parts[1], (1...1000).contains(columns),
      (1...1000).contains(rows)
    else { throw UsageError("--size takes columns x rows such as 160x48, not `\(text)`") }
    return (columns, rows)
  }

  private static func write(_ text: String) { emit(text, STDOUT_FILENO) }
  private static func complain(_ text: String) { emit("dptop: error: \(text)\n", STDERR_FILENO) }

  private static func emit(_ text: String, _ descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}

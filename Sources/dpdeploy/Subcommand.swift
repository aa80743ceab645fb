import CommandLine

/// One command of `dpdeploy`: its description is data, its work is `run`.
///
/// A new command is a file `NameCommand.swift` with a type that conforms, and a line in ``Subcommands``.
protocol Subcommand: Sendable {
  /// What it is called, takes and does.
  static var description: CommandDescription { get }

  /// Does it: data goes to standard output, all else to standard error.
  ///
  /// A thrown `UsageError` exits 2 with a pointer to `--help`; any other error is printed as it describes itself and
  /// exits 1. Everything else is said by the returned code.
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode
}

/// The commands, in the order of `dpdeploy --help`.
enum Subcommands {
  static let all: [any Subcommand.Type] = [
    ApplyCommand.self,
    PlanCommand.self,
    RolloutCommand.self,
    ScaleCommand.self,
    DrainCommand.self,
    CordonCommand.self,
    UncordonCommand.self,
    StatusCommand.self,
    HintsCommand.self,
    WaitCommand.self,
    RestartCommand.self,
    EventsCommand.self,
    LogsCommand.self,
    TimelineCommand.self,
    HistoryCommand.self,
    AuditCommand.self,
    DeleteCommand.self,
    AskCommand.self,
    BenchCommand.self,
    DaemonCommand.self,
    InitCommand.self,
    ValidateCommand.self,
    ConfigCommand.self,
    DoctorCommand.self,
    CapacityCommand.self,
    ExplainCommand.self,
    DiagnoseCommand.self,
    CompletionCommand.self,
    ManCommand.self,
    ExportCommand.self,
    ImportCommand.self,
    VersionCommand.self,
  ]

  /// The word that calls a command.
  static func word(of command: any Subcommand.Type) -> String {
    command.description.name.split(separator: " ").dropFirst().joined(separator: " ")
  }

  static let set = CommandSet(
    "dpdeploy", "Deploy and watch data-parallel LLM serving.", commands: all.map { $0.description },
    examples: [
      .init(
        "dpdeploy apply manifests/quickstart.yaml --wait", "Start a deployment and wait until it is HEALTHY."),
      .init("dpdeploy ask 'What is TTFT?'", "Ask the deployed model."),
      .init("dpdeploy validate manifests/quickstart.yaml", "Check a manifest without starting anything."),
      .init("dpdeploy explain dp_size_per_node", "What a field does, here and on vLLM and Ray."),
    ], foreignWords: foreignWords)

  /// The habits of kubectl, Ray Serve, Compose and systemctl.
  private static let foreignWords: [String: String] = [
    "deploy": "dpdeploy apply", "run": "dpdeploy apply", "up": "dpdeploy apply", "create": "dpdeploy apply",
    "start": "dpdeploy apply", "get": "dpdeploy status", "list": "dpdeploy status", "ls": "dpdeploy status",
    "ps": "dpdeploy status", "describe": "dpdeploy status -o wide", "top": "dptop", "down": "dpdeploy delete",
    "stop": "dpdeploy delete", "destroy": "dpdeploy delete", "rm": "dpdeploy delete",
    "shutdown": "dpdeploy delete", "rollback": "dpdeploy rollout undo", "undo": "dpdeploy rollout undo",
    "diff": "dpdeploy plan", "log": "dpdeploy logs", "check": "dpdeploy validate", "build": "dpdeploy import",
  ]
}

extension OptionDescription {
  /// `--color`, which every command takes.
  static let color = OptionDescription(
    "color", .value("WHEN"), "Colour the output.", choices: Style.Wish.allCases.map(\.rawValue),
    fallback: "auto")
}

extension StandardStreams {
  /// Help is easier to read in a column than across a wide screen.
  var helpWidth: Int { min(width, 100) }

  /// Prints a usage error and gives its exit code.
  func fail(_ error: UsageError, tool: String) -> ExitCode {
    self.error(errorStyle.red("error") + ": \(error)\n")
    if let help = error.help { self.error(errorStyle.bold("help") + ": \(help)\n") }
    self.error("`\(tool) --help` tells more.\n")
    return .usage
  }
}

import CommandLine
import ControlAPI
import ControlClient
import Diagnosis
import Platform

/// `dpdeploy hints`: what is wrong, why, and what to change.
enum HintsCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy hints",
    "Show what is wrong, why, by which numbers, and which change of the manifest would help.",
    discussion: """
      A hint appears once its rule has held for a few seconds. --fix writes the change that a hint proposes into the file \
      that was applied, and leaves the rest of the file as it is; `dpdeploy apply` carries it out. `dpdeploy status \
      --check=hints` exits 7 while there is a warning or an error.
      """,
    operands: [OperandDescription("NAME", "This application only.", 0...1)],
    options: [
      OptionDescription("json", .flag, "Print JSON for scripts."),
      OptionDescription("fix", .value("ID"), "Write the change that this hint proposes into the manifest."),
      OptionDescription(
        "file", .value("MANIFEST"), "With --fix: this file instead of the one that was applied."),
      OptionDescription("dry-run", .flag, "With --fix: show the change only."),
      OptionDescription(
        "runbook", .flag, "Print what every hint means, as the section of docs/operations.md."),
      .color,
    ],
    examples: [
      .init("dpdeploy hints quickstart", "what to do about quickstart"),
      .init("dpdeploy hints quickstart --fix H05 && dpdeploy apply app.yaml", "do what H05 proposes"),
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    if arguments.flag("runbook") {
      streams.out(Runbook.markdown())
      return .ok
    }
    var status = try await ControlClient(home: try HomeDirectory.ofEnvironment()).status()
    if let name = arguments.operands.first {
      status.applications.removeAll { $0.name != name }
      guard !status.applications.isEmpty else {
        throw ControlError(code: "not-found", message: "no application is called \(name)")
      }
    }
    if let id = arguments.value("fix") {
      return try ProposedFix.change(id, in: status.applications, file: arguments.value("file"))
        .carryOut(isDryRun: arguments.flag("dry-run"), streams)
    }
    if arguments.flag("json") {
      streams.line(json(HintReport(status)))
    } else {
      streams.out(text(status.applications, streams.outputStyle))
    }
    return .ok
  }

  private static func text(_ applications: [ApplicationStatus], _ style: Style) -> String {
    guard !applications.isEmpty else { return "No applications.\n" }
    let renderer = HintText(style: style, isWhole: true)
    return applications.map { application in
      let head = style.bold(application.name) + "  \(application.status.rawValue)\n"
      guard !application.hints.isEmpty else { return head + "nothing to advise\n" }
      return head + application.hints.map(renderer.render).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

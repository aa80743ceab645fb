import CommandLine
import ControlAPI
import ControlClient
import Glibc
import Platform

/// `dpdeploy audit`: who asked for what.
enum AuditCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy audit", "Show who asked the controller for what, and what became of it.",
    discussion: """
      The user is the one that the kernel names for the connection. Entries outlive their application; the newest ten \
      thousand are kept.
      """,
    operands: [OperandDescription("NAME", "Of this application only.", 0...1)],
    options: [
      OptionDescription("most", .value("N"), "Show so many of the newest.", fallback: "100"),
      OptionDescription("json", .flag, "Print JSON for scripts."),
      .color,
    ],
    examples: [.init("dpdeploy audit quickstart", "who applied, scaled, drained or restarted it")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let page = try await client.audit(
      application: arguments.operands.first, most: try arguments.integer("most", in: 1...10_000) ?? 100)
    guard !arguments.flag("json") else {
      streams.line(json(page))
      return .ok
    }
    var table = TextTable(
      ["TIME", "USER", "PID", "ACTION", "APPLICATION", "REVISION", "OUTCOME"], numeric: ["PID"])
    for entry in page.entries {
      table.add([
        entry.time, entry.uid.value.map(user) ?? "–", Quantity.count(entry.pid.value.map(Int.init)),
        entry.action,
        entry.application, entry.revision.map(String.init) ?? "", entry.outcome,
      ])
    }
    streams.out(table.render(style: streams.outputStyle))
    return .ok
  }

  /// The user's name; the number where there is none.
  private static func user(_ uid: UInt32) -> String {
    guard let entry = getpwuid(uid), let name = entry.pointee.pw_name else { return "\(uid)" }
    return String(cString: name)
  }
}

import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy restart`: starts a replica, or a group, again.
enum RestartCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy restart", "Start a replica again: a rank with its whole group, an ingress replica alone.",
    discussion: "A group finishes its requests first, for 10 s at most, and gets a fresh restart budget.",
    operands: [
      OperandDescription("NAME", "The application."),
      OperandDescription("REPLICA", "The replica, as `dpdeploy status` shows it.", 0...1),
    ],
    options: [OptionDescription("group", .value("G"), "The group, in the place of a replica."), .color],
    examples: [
      .init("dpdeploy restart quickstart --group 0", "the first group"),
      .init("dpdeploy restart quickstart ingress-1", "one ingress replica"),
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let name = arguments.operands[0]
    let group = try arguments.integer("group", in: 0...1023)
    let replica = group.map { $0 == 0 ? "dp0" : "g\($0)-dp0" } ?? arguments.operands.dropFirst().first
    guard let replica, group == nil || arguments.operands.count == 1 else {
      throw UsageError(
        "restart needs a replica or --group", help: "`dpdeploy status \(name)` lists the replicas")
    }
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    try await client.restart(replica, of: name)
    let what = group.map { "group \($0)" } ?? replica
    streams.line("\(what) of \(name) is started again; `dpdeploy wait \(name)` waits for it")
    return .ok
  }
}

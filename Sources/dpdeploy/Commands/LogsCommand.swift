import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy logs`: what the processes say.
enum LogsCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy logs", "Show what the processes of an application say, all together or one alone.",
    operands: [OperandDescription("NAME", "The application.")],
    options: [
      OptionDescription("rank", .value("R"), "Only this rank."),
      OptionDescription("ingress", .value("I"), "Only this ingress replica."),
      OptionDescription("tail", short: "n", .value("N"), "The last N lines of each.", fallback: "100"),
      OptionDescription("grep", .value("TEXT"), "Only lines that hold this text."),
      OptionDescription("follow", short: "f", .flag, "Go on with what comes next."),
      .color,
    ],
    examples: [.init("dpdeploy logs quickstart -f --rank 1", "follow rank 1")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let name = arguments.operands[0]
    let replica = try replica(arguments)
    let wanted = arguments.value("grep")
    let tail = try arguments.integer("tail", in: 0...100_000) ?? 100
    var page = try await client.logs(application: name, replica: replica, tail: tail)
    while true {
      for line in page.lines where wanted.map({ line.text.contains($0) }) ?? true {
        streams.line(replica == nil ? "\(streams.outputStyle.cyan(line.replica)) \(line.text)" : line.text)
      }
      guard arguments.flag("follow") else { return .ok }
      await Loop.sleep(for: .milliseconds(250))
      page = try await client.logs(application: name, replica: replica, cursor: page.cursor)
    }
  }

  private static func replica(_ arguments: ParsedArguments) throws(UsageError) -> String? {
    let rank = try arguments.integer("rank", in: 0...1023)
    let ingress = try arguments.integer("ingress", in: 0...1023)
    if rank != nil, ingress != nil { throw UsageError("--rank and --ingress exclude each other") }
    return rank.map { "dp\($0)" } ?? ingress.map { "ingress-\($0)" }
  }
}

import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy timeline`: what made a start slow.
enum TimelineCommand: Subcommand {
  private enum Format: String, CaseIterable { case table, json }

  static let description = CommandDescription(
    "dpdeploy timeline", "Show how long each part of the ranks' starts took, and which took longest.",
    discussion: """
      The ranks tell themselves when they come to each part. What ranks do together (rendezvous, warmup) counts with the \
      time of the last to come to it, as the others waited. The last 32 starts of each rank are kept.
      """,
    operands: [OperandDescription("NAME", "The application.")],
    options: [
      OptionDescription("group", .value("G"), "Only this group."),
      OptionDescription("epoch", .value("N"), "This life.", fallback: "the newest of each group"),
      OptionDescription("all", .flag, "Every start that is kept."),
      OptionDescription(
        "output", short: "o", .value("FORMAT"), "A table, or one JSON object.",
        choices: Format.allCases.map(\.rawValue), fallback: Format.table.rawValue),
      OptionDescription("json", .flag, "As --output json."),
      .color,
    ],
    examples: [.init("dpdeploy timeline deepseek-v3 --group 0", "why did group 0 take so long?")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let group = try arguments.integer("group", in: 0...1023)
    let epoch = try arguments.integer("epoch", in: 1...Int.max)
    guard epoch == nil || !arguments.flag("all") else {
      throw UsageError("--epoch and --all exclude each other")
    }
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    var timeline = try await client.timeline(of: arguments.operands[0])
    timeline.starts.removeAll { start in
      group.map { start.group != $0 } ?? false || epoch.map { start.epoch != $0 } ?? false
    }
    if epoch == nil, !arguments.flag("all") { timeline.starts = newest(timeline.starts) }
    if arguments.flag("json") || arguments.value("output") == Format.json.rawValue {
      streams.line(json(timeline))
    } else {
      streams.out(TimelineText(style: streams.outputStyle).render(timeline.starts))
    }
    return .ok
  }

  /// The first of each group, as they come newest first.
  private static func newest(_ starts: [GroupStart]) -> [GroupStart] {
    var seen: Set<Int> = []
    return starts.filter { seen.insert($0.group).inserted }
  }
}

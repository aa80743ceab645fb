import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy logs`: what the processes say.
enum LogsCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy logs", "Show what the processes of an application say, in one stream by time.",
    discussion: """
      Of each rank the last three lives are kept. Shown is the newest of each, unless --epoch or --previous ask for another. \
      A line without a time of its own, such as one of a traceback, stays behind the line that it follows in its file.
      """,
    operands: [OperandDescription("NAME", "The application.")],
    options: [
      OptionDescription("rank", .value("R"), "Only the ranks of this number."),
      OptionDescription("group", .value("G"), "Only the ranks of this group."),
      OptionDescription("ingress", .value("I"), "Only this ingress replica."),
      OptionDescription("epoch", .value("N"), "This life of the ranks."),
      OptionDescription("previous", short: "p", .flag, "The life of each rank before its newest."),
      OptionDescription("since", .value("TIME"), "Lines of this last time only, such as 10m."),
      OptionDescription("grep", .value("TEXT"), "Only lines that hold this text."),
      OptionDescription(
        "tail", short: "n", .value("N"), "The last N lines of each.",
        fallback: "100; all of the last MiB with --since or --grep"),
      OptionDescription("follow", short: "f", .flag, "Go on with what comes next."),
      OptionDescription("json", .flag, "Print one JSON object; with --follow one line of a log a line."),
      .color,
    ],
    examples: [
      .init("dpdeploy logs quickstart -f --rank 1", "follow rank 1"),
      .init("dpdeploy logs quickstart --previous --since 10m", "the last words of those that died"),
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let name = arguments.operands[0]
    var query = try query(arguments)
    let isFollowing = arguments.flag("follow")
    let text = LogText(style: streams.outputStyle, namesReplicas: query.replica == nil)
    while true {
      let page = try await client.logs(application: name, query)
      if arguments.flag("json"), !isFollowing {
        streams.line(json(page))
      } else {
        for line in page.lines {
          streams.line(arguments.flag("json") ? json(line, isPretty: false) : text.line(line))
        }
      }
      guard isFollowing else { return .ok }
      await Loop.sleep(for: .milliseconds(250))
      query.cursor = page.cursor
    }
  }

  private static func query(_ arguments: ParsedArguments) throws(UsageError) -> LogQuery {
    var query = LogQuery()
    query.rank = try arguments.integer("rank", in: 0...1023)
    query.group = try arguments.integer("group", in: 0...1023)
    query.replica = try arguments.integer("ingress", in: 0...1023).map { "ingress-\($0)" }
    query.epoch = try arguments.integer("epoch", in: 1...Int.max)
    query.isPrevious = arguments.flag("previous")
    query.text = arguments.value("grep")
    query.since = try arguments.seconds("since").map { Timestamp.text(WallClock.secondsSinceEpoch - $0) }
    query.tail = try arguments.integer("tail", in: 0...100_000)
    try exclude(("--rank", query.rank != nil || query.group != nil), ("--ingress", query.replica != nil))
    try exclude(("--epoch", query.epoch != nil), ("--previous", query.isPrevious))
    try exclude(("--epoch", query.epoch != nil), ("--ingress", query.replica != nil))
    try exclude(("--previous", query.isPrevious), ("--ingress", query.replica != nil))
    try exclude(("--previous", query.isPrevious), ("--follow", arguments.flag("follow")))
    return query
  }

  private static func exclude(
    _ one: (name: String, isGiven: Bool), _ other: (name: String, isGiven: Bool)
  ) throws(UsageError) {
    guard !one.isGiven || !other.isGiven else {
      throw UsageError("\(one.name) and \(other.name) exclude each other")
    }
  }
}

import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy history`: how an application did in the past.
enum HistoryCommand: Subcommand {
  private enum Format: String, CaseIterable { case table, json }

  static let description = CommandDescription(
    "dpdeploy history", "Show how an application, or one of its ranks, did in the past.",
    discussion: """
      The controller keeps seconds for an hour, tens of seconds for a day and minutes for thirty days, also over its own \
      restarts; with the application they are forgotten. Rates and shares are means over a step, percentiles are those \
      of all its requests (within 4 %), and a dash is what nobody knew. The last step is not over.
      """,
    operands: [OperandDescription("NAME", "The application.")],
    options: [
      OptionDescription(
        "metric", short: "m", .repeated("METRIC"), "This metric; again for more.",
        choices: HistoryMetric.allCases.map(\.rawValue), fallback: "a choice in tables, all in JSON"),
      OptionDescription("since", .value("TIME"), "Begin so long ago.", fallback: "1h"),
      OptionDescription(
        "step", .value("TIME"), "The length of a step.", fallback: "about sixty of them"),
      OptionDescription("rank", .value("N"), "Of this rank, and not of the application."),
      OptionDescription("group", .value("G"), "The rank's group.", fallback: "0"),
      OptionDescription(
        "output", short: "o", .value("FORMAT"), "A table, or one JSON object.",
        choices: Format.allCases.map(\.rawValue), fallback: Format.table.rawValue),
      OptionDescription("json", .flag, "As --output json."),
      .color,
    ],
    examples: [
      .init("dpdeploy history quickstart", "the last hour, minute by minute"),
      .init("dpdeploy history quickstart --since 7d --step 1h -m ttft_p95_seconds", "one metric over a week"),
      .init("dpdeploy history quickstart --rank 3 --since 5m --step 1s", "a rank, second by second"),
    ])

  /// What a table shows where nothing was chosen.
  private static let usual: [HistoryMetric] = [
    .requestsPerSecond, .errorRatio, .generationTokensPerSecond, .ttftP50Seconds, .ttftP95Seconds,
    .tpotP50Seconds,
    .tpotP95Seconds, .queueDepth, .running, .waiting, .kvUsageRatio, .gpuUtilizationRatio,
  ]

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let isJSON = arguments.flag("json") || arguments.value("output") == Format.json.rawValue
    let query = try query(arguments, isJSON ? [] : usual)
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let history = try await client.history(of: arguments.operands[0], query)
    if isJSON {
      streams.line(json(history))
    } else {
      streams.out(HistoryText(style: streams.outputStyle, metrics: query.metrics).render(history))
    }
    return .ok
  }

  private static func query(
    _ arguments: ParsedArguments, _ usual: [HistoryMetric]
  ) throws(UsageError) -> HistoryQuery {
    let chosen = arguments.allValues("metric").compactMap(HistoryMetric.init)
    let rank = try arguments.integer("rank", in: 0...65_535)
    let group = try arguments.integer("group", in: 0...1023)
    guard group == nil || rank != nil else { throw UsageError("--group needs --rank") }
    if rank != nil, let other = chosen.first(where: { !$0.appliesToRanks }) {
      throw UsageError("ranks have no \(other.rawValue)")
    }
    return HistoryQuery(
      since: try seconds("since", arguments) ?? HistoryQuery.usualSince, step: try seconds("step", arguments),
      rank: rank, group: group,
      metrics: chosen.isEmpty ? usual.filter { rank == nil || $0.appliesToRanks } : chosen)
  }

  private static func seconds(_ name: String, _ arguments: ParsedArguments) throws(UsageError) -> Int? {
    guard let seconds = try arguments.seconds(name) else { return nil }
    guard seconds >= 1, seconds <= 366 * 86_400 else {
      throw UsageError("--\(name) takes a time from 1s to 366d, not `\(arguments.value(name) ?? "")`")
    }
    return Int(seconds)
  }
}

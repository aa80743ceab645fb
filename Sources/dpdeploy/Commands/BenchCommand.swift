import CommandLine
import ControlAPI
import Platform

/// `dpdeploy bench`: offers load and reports what clients saw.
enum BenchCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy bench",
    "Offer load to a deployment and report throughput, TTFT and TPOT as its clients see them.",
    discussion: """
      --concurrency is a closed loop: so many users, each asking again once answered. --rate is an open loop: so many \
      requests a second at random instants, whether or not earlier ones were answered, as strangers on the internet do. \
      Every request that was begun is counted, failures included.
      """,
    operands: [OperandDescription("NAME", "The application.")],
    options: [
      OptionDescription("concurrency", short: "c", .value("N"), "A closed loop of N users.", fallback: "8"),
      OptionDescription("rate", short: "r", .value("R"), "An open loop of R requests a second."),
      OptionDescription(
        "duration", short: "d", .value("TIME"), "Begin requests for this long.", fallback: "10s"),
      OptionDescription("requests", short: "n", .value("N"), "Begin no more than N requests."),
      OptionDescription("max-tokens", .value("N"), "The longest answer.", fallback: "64"),
      OptionDescription("seed", .value("S"), "Repeats the same instants and prompts.", fallback: "0"),
      OptionDescription("json", .flag, "Print JSON for scripts."),
      .color,
    ],
    examples: [
      .init("dpdeploy bench quickstart -c 16 -d 30s", "16 users for half a minute"),
      .init("dpdeploy bench quickstart -r 5 --json", "5 requests a second, for a script"),
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let plan = try plan(arguments)
    let target = try await ServingTarget.find(arguments.operands[0], streams)
    let generator = LoadGenerator(plan, endpoint: target.endpoint, model: target.model)
    let progress = Loop.task { await showProgress(generator, plan, streams) }
    let elapsed = await generator.run()
    progress.cancel()
    await progress.value
    let report = BenchReport(
      application: target.application, model: target.model, elapsed: elapsed, samples: generator.samples)
    streams.line(arguments.flag("json") ? json(report) : BenchText(style: streams.outputStyle).render(report))
    return report.failures == 0 && report.requests > 0 ? .ok : .failed
  }

  private static func plan(_ arguments: ParsedArguments) throws(UsageError) -> LoadPlan {
    let concurrency = try arguments.integer("concurrency", in: 1...4096)
    let rate = try arguments.number("rate", in: 0.001...100_000)
    if concurrency != nil, rate != nil { throw UsageError("--concurrency and --rate exclude each other") }
    return LoadPlan(
      arrival: rate.map(LoadPlan.Arrival.rate) ?? .concurrency(concurrency ?? 8),
      duration: .milliseconds(Int((try arguments.seconds("duration") ?? 10) * 1000)),
      requestLimit: try arguments.integer("requests", in: 1...Int.max),
      maxTokens: try arguments.integer("max-tokens", in: 1...1_000_000) ?? 64,
      apiKey: Environment["DPDEPLOY_API_KEY"],
      seed: UInt64(try arguments.integer("seed", in: 0...Int.max) ?? 0))
  }

  @Loop
  private static func showProgress(_ generator: LoadGenerator, _ plan: LoadPlan, _ streams: StandardStreams)
    async
  {
    guard streams.isErrorTerminal else { return }
    var line = ProgressLine(isTerminal: true, width: streams.width)
    let start = Instant.now
    while !Task.isCancelled {
      let share = min(1, (Instant.now - start).inSeconds / max(plan.duration.inSeconds, 1e-9))
      let failed = generator.samples.count { $0.failure != nil }
      streams.error(
        line.update(
          "\(ProgressLine.bar(share, cells: 24)) \(generator.samples.count) done, \(generator.inFlight) in flight, \(failed) failed"
        ))
      await Loop.sleep(for: .milliseconds(200))
    }
    streams.error(line.clear())
  }
}

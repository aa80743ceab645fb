import CommandLine
import ControlAPI
import Platform

/// `dpdeploy bench`: offers load and reports what clients saw.
enum BenchCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy bench",
    "Offer load to a deployment and report throughput, TTFT, TPOT, ITL and E2EL as its clients see them.",
    discussion: """
      --concurrency is a closed loop: so many users, each asking again once answered. --rate is an open loop: so many \
      requests a second at random instants, whether or not earlier ones were answered, as strangers on the internet do. \
      Every request that was begun is counted, failures included; with one, or with none finished, it exits 1.

      The figures are those of `vllm bench serve`. TTFT: from the request to its first token. TPOT: the time after that, \
      over the tokens after the first. ITL: from one piece of a stream to the next. E2EL: from the request to the last \
      token. Quantiles are exact. Ctrl-C ends it and prints what was measured so far.

      --sweep doubles the users until the latency leaves --slo, then narrows the limit down; without an objective it stops \
      where more users bring no more tokens. It names the knee (the lowest level with nine tenths of the most tokens a \
      second), the highest level inside, and the `max_num_seqs` that keeps a rank there, as a change of the manifest. With \
      --vary max_num_seqs it applies each value to the deployment and measures it with as many users as fill the batches; \
      at the end, after Ctrl-C and after a failure, the former revision is put back. Each level takes --duration, whose \
      first fifth is not counted.
      """,
    operands: [OperandDescription("NAME", "The application, or the URL of any OpenAI-compatible server.")],
    options: loadOptions + sweepOptions + outputOptions,
    examples: [
      .init("dpdeploy bench quickstart -c 16 -d 30s", "16 users for half a minute"),
      .init("dpdeploy bench quickstart -r 5 -o json", "5 requests a second, for a script"),
      .init(
        "dpdeploy bench http://127.0.0.1:8000 -n 200 --prompt-tokens 512 --output-tokens 128",
        "any server, with prompts and answers of these lengths"),
      .init(
        "dpdeploy bench quickstart --sweep --slo ttft_p95=200ms,tpot_p95=20ms",
        "how many users it takes inside these bounds, and the max_num_seqs that keeps it there"),
    ])

  private static let loadOptions: [OptionDescription] = [
    OptionDescription("concurrency", short: "c", .value("N"), "A closed loop of N users.", fallback: "8"),
    OptionDescription("rate", short: "r", .value("R"), "An open loop of R requests a second."),
    OptionDescription(
      "duration", short: "d", .value("TIME"), "Begin requests for this long; without --requests 10s."),
    OptionDescription("requests", short: "n", .value("N"), "Begin no more than N requests."),
    OptionDescription(
      "warmup", .value("TIME"),
      "Do not count the requests of this first part of the duration, if there are later ones.",
      fallback: "0s"),
    OptionDescription(
      "prompt-tokens", .value("N"), "Random prompts of exactly N tokens, instead of short questions."),
    OptionDescription("max-tokens", .value("N"), "The longest answer.", fallback: "64"),
    OptionDescription("output-tokens", .value("N"), "Answers of exactly N tokens (`ignore_eos`)."),
    OptionDescription("seed", .value("S"), "Repeats the same instants and prompts.", fallback: "0"),
  ]

  private static let outputOptions: [OptionDescription] = [
    OptionDescription(
      "output", short: "o", .value("FORMAT"), "Tables, or a document for scripts.",
      choices: ["table", "json"],
      fallback: "table"),
    OptionDescription("json", .flag, "As --output json."),
    .color,
  ]

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let isSweep = arguments.flag("sweep")
    let plan = isSweep ? try sweptPlan(arguments) : try plan(arguments)
    let isJSON = try StatusFormat(arguments) == .json
    let operand = arguments.operands[0]
    let isOurs = !operand.contains("://")
    let target =
      isOurs
      ? try await ServingTarget.find(operand, streams)
      : try await ServingTarget.at(url: operand, apiKey: plan.apiKey)
    if isSweep { return try await sweep(arguments, plan, target, isOurs: isOurs, streams) }
    let run = LoadRun(target: target, interruption: try Interruption(), streams: streams)
    let report = await run.report(plan)
    streams.line(isJSON ? json(report) : BenchText(style: streams.outputStyle).render(report))
    if report.isInterrupted { return .interrupted }
    return report.isClean ? .ok : .failed
  }

  static func plan(_ arguments: ParsedArguments) throws(UsageError) -> LoadPlan {
    let concurrency = try arguments.integer("concurrency", in: 1...4096)
    let rate = try arguments.number("rate", in: 0.001...100_000)
    if concurrency != nil, rate != nil { throw UsageError("--concurrency and --rate exclude each other") }
    let longest = try arguments.integer("max-tokens", in: 1...1_000_000)
    let exact = try arguments.integer("output-tokens", in: 1...1_000_000)
    if longest != nil, exact != nil {
      throw UsageError("--max-tokens and --output-tokens exclude each other")
    }
    let ofSweep = sweepOptions.map(\.name).filter { arguments.flag($0) || arguments.value($0) != nil }
    if let stray = ofSweep.first, !ofSweep.contains("sweep") {
      throw UsageError("--\(stray) goes with --sweep")
    }
    let requests = try arguments.integer("requests", in: 1...Int.max)
    let duration = try time("duration", arguments) ?? (requests == nil ? .seconds(10) : nil)
    let warmup = try time("warmup", arguments) ?? .zero
    if let duration, warmup >= duration { throw UsageError("--warmup leaves nothing of --duration to count") }
    return LoadPlan(
      arrival: rate.map(LoadPlan.Arrival.rate) ?? .concurrency(concurrency ?? 8),
      duration: duration, requestLimit: requests, warmup: warmup,
      promptTokens: try arguments.integer("prompt-tokens", in: 1...1_000_000),
      maxTokens: exact ?? longest ?? 64, isOutputExact: exact != nil,
      apiKey: Environment["DPDEPLOY_API_KEY"],
      seed: UInt64(try arguments.integer("seed", in: 0...Int.max) ?? 0))
  }

  private static func time(_ name: String, _ arguments: ParsedArguments) throws(UsageError) -> Duration? {
    try arguments.seconds(name).map { .milliseconds(Int($0 * 1000)) }
  }
}

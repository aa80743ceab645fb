import CommandLine
import ControlAPI
import ControlClient
import Manifest
import Platform

/// `dpdeploy bench --sweep`: how much load a deployment takes, and which batch keeps it there.
extension BenchCommand {
  static let sweepOptions: [OptionDescription] = [
    OptionDescription("sweep", .flag, "Try one level of load after the other, for the highest inside --slo."),
    OptionDescription(
      "slo", .value("BOUNDS"),
      "With --sweep: ttft, tpot, itl or e2el, _mean, _p50 to _p99, as `ttft_p95=500ms,tpot_p95=50ms`; without it the "
        + "manifest's `slo` at the quantile of its `goodput`."),
    OptionDescription(
      "vary", .value("WHAT"),
      "With --sweep: the users, or the deployment's batch, which starts its ranks anew for each value.",
      choices: SweepReport.Subject.allCases.map(\.rawValue), fallback: "concurrency"),
    OptionDescription(
      "from", .value("N"), "With --sweep: the level to begin with; 1 user, or an eighth of the batch."),
    OptionDescription(
      "to", .value("N"), "With --sweep: the highest level to try; 256 users, or four times the batch."),
    OptionDescription("fix", .flag, "With --sweep: write the change that follows into the manifest."),
    OptionDescription(
      "file", .value("MANIFEST"), "With --sweep: this file instead of the one that was applied."),
    OptionDescription("yes", short: "y", .flag, "With --vary max_num_seqs: do not ask."),
  ]

  @Loop
  static func sweep(
    _ arguments: ParsedArguments, _ plan: LoadPlan, _ target: ServingTarget, isOurs: Bool,
    _ streams: StandardStreams
  ) async throws -> ExitCode {
    let subject = arguments.value("vary").flatMap(SweepReport.Subject.init) ?? .concurrency
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let deployment =
      isOurs ? try await SweptDeployment.find(target.application, file: arguments.value("file"), client) : nil
    guard deployment != nil || (subject == .concurrency && !arguments.flag("fix")) else {
      throw UsageError(
        "there is no manifest to change",
        help: isOurs ? "name it with --file" : "sweep the concurrency, without --fix")
    }
    var sweep = try course(arguments, subject, deployment)
    guard try subject == .concurrency || mayChange(arguments, deployment, streams) else { return .failed }
    let run = LoadRun(target: target, interruption: try Interruption(), streams: streams)
    var trial: BatchTrial?
    if subject == .maxNumSeqs, let deployment {
      trial = try await BatchTrial(deployment, client, run.interruption, timeout: .seconds(600), streams)
    }
    var failure: (any Error)?
    do {
      try await SweepRun(
        run: run, plan: plan, users: arguments.integer("concurrency"), deployment: deployment, trial: trial,
        client: client
      ).measure(&sweep)
    } catch { failure = error }
    try await trial?.restore()
    if let failure { throw failure }
    var report = SweepReport(
      application: target.application, subject: subject, sweep, isInterrupted: run.interruption.hasCome)
    report.fix = deployment?.fix(for: report)
    return try show(report, sweep.objective, deployment, arguments, streams)
  }

  /// The load at every level; its users are the sweep's.
  static func sweptPlan(_ arguments: ParsedArguments) throws(UsageError) -> LoadPlan {
    var plan = try plan(arguments)
    if case .rate = plan.arrival { throw UsageError("--sweep and --rate exclude each other") }
    if arguments.flag("fix"), try StatusFormat(arguments) == .json {
      throw UsageError("--fix and --json exclude each other", help: "the document has the change as `fix`")
    }
    if let duration = plan.duration, arguments.value("warmup") == nil { plan.warmup = duration / 5 }
    return plan
  }

  private static func course(
    _ arguments: ParsedArguments, _ subject: SweepReport.Subject, _ deployment: SweptDeployment?
  ) throws(UsageError) -> Sweep {
    let batch = deployment?.maxNumSeqs ?? 1
    let from =
      try arguments.integer("from", in: 1...4096) ?? (subject == .concurrency ? 1 : max(1, batch / 8))
    let to =
      try arguments.integer("to", in: 1...4096) ?? (subject == .concurrency ? 256 : min(4096, 4 * batch))
    let given = try arguments.value("slo").map { text throws(UsageError) in try LatencyObjective(text) }
    return Sweep(1...to, from: from, objective: given ?? deployment?.objective)
  }

  private static func mayChange(
    _ arguments: ParsedArguments, _ deployment: SweptDeployment?, _ streams: StandardStreams
  ) throws(UsageError) -> Bool {
    guard let deployment, !arguments.flag("yes") else { return true }
    return try streams.confirm(
      "This starts the ranks of \(deployment.application) anew for each value, and at the end puts revision "
        + "\(deployment.revision) back. Go on?", by: deployment.application)
  }

  private static func show(
    _ report: SweepReport, _ objective: LatencyObjective?, _ deployment: SweptDeployment?,
    _ arguments: ParsedArguments, _ streams: StandardStreams
  ) throws -> ExitCode {
    let code: ExitCode = report.isInterrupted ? .interrupted : report.chosen == nil ? .failed : .ok
    guard try StatusFormat(arguments) != .json else {
      streams.line(json(report))
      return code
    }
    let text = SweepText(style: streams.outputStyle)
    streams.line(text.table(report))
    let chart = SweepChart(report: report, bound: report.decisiveBound(of: objective))
    streams.line(chart.render(width: streams.width, glyphs: streams.glyphs, depth: streams.depth))
    streams.out(text.verdict(report))
    guard let deployment, let fix = report.fix, let value = fix.after else { return code }
    let isRehearsal = !arguments.flag("fix")
    let change = ManifestChange(edits: [FieldEdit(fix.path, value)], path: deployment.path)
    let written = try change.carryOut(isDryRun: isRehearsal, streams)
    if isRehearsal { streams.remark("--fix writes this into the manifest") }
    return written == .ok ? code : written
  }
}

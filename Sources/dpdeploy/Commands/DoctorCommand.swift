import CommandLine
import ControlAPI
import Manifest
import Platform

/// `dpdeploy doctor`: whether a deployment would run here.
enum DoctorCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy doctor", "Check whether this machine can run a deployment, and say what to do where it cannot.",
    discussion: """
      Looks at cores, memory, limits, the kernel, the processor and the home directory; with a manifest also at its model, \
      port and engine, or with `backend: ray` at its cluster. Starts nothing, and changes nothing unless --fix is given: that does what is safe (makes the home \
      directory, closes it to others, removes a socket that nobody listens on) and looks again. Exits 4 when a check \
      fails; a warning is no failure.
      """,
    operands: [OperandDescription("MANIFEST", "What is to run.", 0...1)],
    options: [
      OptionDescription("fix", .flag, "Do what can be done safely, say what that was, and look again."),
      OptionDescription("dry-run", .flag, "With --fix: say what would be done, and do nothing."),
      OptionDescription("json", .flag, "Print one JSON object."),
      .color,
    ],
    examples: [.init("dpdeploy doctor app.yaml && dpdeploy apply app.yaml --wait", "look before you leap")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let home = try HomeDirectory.ofEnvironment()
    let isDry = arguments.flag("dry-run")
    guard arguments.flag("fix") || !isDry else { throw UsageError("--dry-run goes with --fix") }
    var wish: DeploymentFacts?
    var cluster: ClusterFacts?
    if let name = arguments.operands.first {
      let reading = ManifestFile.read(name)
      guard let manifest = reading.manifest else {
        streams.show(reading, .text, atLeast: .error)
        return .forManifest(reading.diagnostics)
      }
      if manifest.backend == .ray {
        cluster = await ClusterFacts.of(manifest, named: name, home: home)
      } else {
        wish = await DeploymentFacts.of(manifest, named: name, home: home)
      }
    }
    var checks = Preflight(facts: .current(home: home), wish: wish, cluster: cluster).checks
    if arguments.flag("fix") {
      for repair in checks.compactMap(\.repair) { mend(repair, isDry: isDry, streams) }
      checks = Preflight(facts: .current(home: home), wish: wish, cluster: cluster).checks
    }
    if arguments.flag("json") {
      streams.line(Check.document(checks).json())
    } else {
      streams.out(text(checks, streams.outputStyle))
    }
    return checks.contains { $0.verdict == .fail } ? .doesNotFit : .ok
  }

  private static func mend(_ repair: Repair, isDry: Bool, _ streams: StandardStreams) {
    let order = repair.description
    if isDry { return streams.remark("would \(order)") }
    streams.remark(repair.carryOut().map { "could not \(order): \($0)" } ?? "done: \(order)")
  }

  static func text(_ checks: [Check], _ style: Style) -> String {
    let width = checks.map(\.id.count).max() ?? 0
    return checks.map { check in
      let padding = String(repeating: " ", count: width - check.id.count)
      let cure = check.cure.map { "        \(style.bold("cure")): \($0)\n" } ?? ""
      return "\(mark(check.verdict, style))  \(check.id)\(padding)  \(check.evidence)\n" + cure
    }.joined()
  }

  private static func mark(_ verdict: Check.Verdict, _ style: Style) -> String {
    switch verdict {
    case .pass: style.green(verdict.rawValue)
    case .warn: style.yellow(verdict.rawValue)
    case .fail: style.red(verdict.rawValue)
    case .skip: style.dim(verdict.rawValue)
    }
  }
}

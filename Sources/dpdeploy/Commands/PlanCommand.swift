import CommandLine
import ControlAPI
import ControlClient
import Manifest
import Platform

/// `dpdeploy plan`: what an apply would do, without doing it.
enum PlanCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy plan", "Show what an apply would change, what that costs, and how long nobody would be served.",
    discussion: """
      Each field that differs is shown with its class: none and live change nothing that runs, ingress-roll replaces the \
      ingress replicas one by one, group-restart drains a group and starts it again, recreate takes the deployment down. \
      The interruption is predicted from the last start. Starts no controller: where none runs, everything is new.
      """,
    operands: [OperandDescription("MANIFEST", "The file, or `-` for standard input.")],
    options: [
      OptionDescription("exit-code", .flag, "Exit 10 when there is something to apply."),
      OptionDescription("json", .flag, "Print JSON for scripts."),
      .color,
    ],
    examples: [.init("dpdeploy plan app.yaml --exit-code", "0: nothing to do, 10: something to apply")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let name = arguments.operands[0]
    let reading = ManifestFile.read(name, missingModel: .error)
    streams.show(reading, .text)
    guard !reading.hasErrors else { return .forManifest(reading.diagnostics) }
    guard let manifest = reading.manifest else { return .manifest }
    let plan = try await plan(for: ApplyCommand.request(for: reading, named: name), manifest)
    if arguments.flag("json") { streams.line(json(plan)) } else { show(plan, streams) }
    return arguments.flag("exit-code") && plan.outcome != .unchanged ? .changesPresent : .ok
  }

  /// The controller's plan; without a controller nothing runs, so all is new.
  @Loop
  private static func plan(for request: ApplyRequest, _ manifest: Manifest) async throws -> PlanResult {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    do { return try await client.plan(request) } catch {
      guard error.code == "controller-unreachable" else { throw error }
      return PlanResult(
        application: manifest.name, revision: 0, outcome: .created, changes: [],
        steps: ["a controller starts", ValidateCommand.summary(manifest)], interruptionSeconds: .known(0))
    }
  }

  private static func show(_ plan: PlanResult, _ streams: StandardStreams) {
    switch plan.outcome {
    case .unchanged:
      streams.line("\(plan.application): nothing to do (revision \(plan.revision))")
      return
    case .created: streams.line("\(plan.application) is new")
    case .updated: streams.line("\(plan.application): revision \(plan.revision) -> \(plan.revision + 1)")
    }
    ApplyCommand.show(plan.changes, streams)
    for step in plan.steps { streams.line("  then: \(step)") }
    let time = plan.interruptionSeconds.value.map { $0 == 0 ? "none" : "about \(Quantity.fixed($0, 1)) s" }
    streams.line("interruption: \(time ?? "unknown, no start has been timed yet")")
  }
}

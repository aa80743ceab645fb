import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy scale`: other numbers of replicas than the manifest's.
enum ScaleCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy scale", "Run more or fewer groups of ranks, or ingress replicas, while everything runs.",
    discussion: """
      Others go on serving: new ones start beside them, and those that go finish their requests first. The numbers are a \
      revision of their own, which `rollout undo` takes back; they hold in the place of the manifest's, and of \
      autoscaling, until the next apply or --reset. `status`, `plan` and `rollout history` show them.
      """,
    operands: [OperandDescription("NAME", "The application.")],
    options: [
      OptionDescription("replicas", .value("N"), "Groups of ranks, each of `data_parallel_size`."),
      OptionDescription("ingress", .value("N"), "Ingress replicas."),
      OptionDescription("reset", .flag, "The manifest's numbers again."),
      OptionDescription("wait", .flag, "Wait until everything is HEALTHY."),
      OptionDescription(
        "timeout", .value("TIME"), "Give up waiting after this long, exit 6.", fallback: "10m"),
      OptionDescription("json", .flag, "Print JSON for scripts."),
      .color,
    ],
    examples: [
      .init("dpdeploy scale quickstart --ingress 4 --wait", "four ingress replicas, no rank is touched"),
      .init("dpdeploy scale quickstart --replicas 2", "a second group beside the first"),
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let name = arguments.operands[0]
    let timeout = try arguments.seconds("timeout") ?? 600
    let request = try request(arguments)
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let result = try await client.scale(request, of: name)
    if arguments.flag("json") { streams.line(json(result)) } else { ApplyCommand.report(result, streams) }
    guard arguments.flag("wait") else { return .ok }
    return try await HealthWait(client, name, revision: result.revision, streams).run(
      until: .after(.milliseconds(Int(timeout * 1000))))
  }

  private static func request(_ arguments: ParsedArguments) throws -> ScaleRequest {
    let groups = try arguments.integer("replicas", in: 1...64)
    let ingress = try arguments.integer("ingress", in: 1...1024)
    let isEmpty = groups == nil && ingress == nil
    guard arguments.flag("reset") == isEmpty else {
      throw UsageError(
        isEmpty ? "scale needs a number" : "--reset goes with no number",
        help: "write --replicas N, --ingress N or both, or --reset alone")
    }
    return isEmpty ? .toManifest : ScaleRequest(replicas: groups, ingressReplicas: ingress)
  }
}

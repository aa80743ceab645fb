import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy cordon`: keeps new requests away from replicas.
enum CordonCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy cordon", "Keep new requests away from ranks or ingress replicas; what they have they finish.",
    discussion: """
      The processes go on, and a rank stays in step with its group. `status` shows CORDONED, and DRAINED when no request \
      is left. It lasts over restarts, of the replica, the controller and the machine, until `dpdeploy uncordon`.
      """,
    operands: Cordoning.operands,
    options: [Cordoning.force, Cordoning.asJSON, .color],
    examples: [.init("dpdeploy cordon quickstart dp1", "the other ranks take what comes")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    try await Cordoning.carryOut(.cordon, arguments, streams)
    return .ok
  }
}

/// `dpdeploy uncordon`: lets requests in again.
enum UncordonCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy uncordon", "Let ranks or ingress replicas take requests again.",
    operands: Cordoning.operands, options: [Cordoning.asJSON, .color],
    examples: [.init("dpdeploy uncordon quickstart dp1", "it takes its share again")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    try await Cordoning.carryOut(.uncordon, arguments, streams)
    return .ok
  }
}

/// `dpdeploy drain`: cordons replicas and waits until no request is left.
enum DrainCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy drain",
    "Keep new requests away from ranks or ingress replicas, and wait until they have none left.",
    discussion: """
      No request fails by that. The replicas stay cordoned, and may then be restarted or taken away at no cost; `dpdeploy \
      uncordon` lets requests in again. When the time is up they stay cordoned, too.
      """,
    operands: Cordoning.operands,
    options: [
      OptionDescription(
        "timeout", .value("TIME"), "Give up waiting after this long, exit 6.", fallback: "10m"),
      Cordoning.force, Cordoning.asJSON, .color,
    ],
    examples: [.init("dpdeploy drain quickstart ingress-0", "its clients go to the other replicas")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let timeout = try arguments.seconds("timeout") ?? 600
    let client = try await Cordoning.carryOut(.drain, arguments, streams)
    let deadline = Instant.after(.milliseconds(Int(timeout * 1000)))
    let (name, wanted) = (arguments.operands[0], Set(arguments.operands.dropFirst()))
    while true {
      let left = try await undrained(wanted, of: name, client)
      if left.isEmpty { return .ok }
      guard Instant.now < deadline else {
        streams.complain("still with requests: \(left.joined(separator: ", ")); cordoned all the same")
        return .timedOut
      }
      await Loop.sleep(for: .milliseconds(50))
    }
  }

  /// Those of `wanted` that have requests left, with their number where it is known.
  @Loop
  private static func undrained(
    _ wanted: Set<String>, of name: String, _ client: ControlClient
  ) async throws -> [String] {
    let application = try await client.status().applications.first { $0.name == name }
    let replicas = application?.deployments.flatMap(\.replicas) ?? []
    return replicas.filter { wanted.contains($0.id) && $0.state == .cordoned }.map {
      "\($0.id) (\(Quantity.count($0.running.value)) running, \(Quantity.count($0.waiting.value)) waiting)"
    }
  }
}

/// What the three commands share.
private enum Cordoning {
  static let operands = [
    OperandDescription("NAME", "The application."),
    OperandDescription("REPLICA", "The replicas, as `dpdeploy status` shows them.", 1...1000),
  ]
  static let force = OptionDescription(
    "force", .flag, "Even when nobody is left to take requests; they wait at the ingress then.")
  static let asJSON = OptionDescription("json", .flag, "Print JSON for scripts.")

  @Loop @discardableResult
  static func carryOut(
    _ action: CordonRequest.Action, _ arguments: ParsedArguments, _ streams: StandardStreams
  ) async throws -> ControlClient {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let force = action != .uncordon && arguments.flag("force") ? true : nil
    let result = try await client.cordon(
      CordonRequest(action, Array(arguments.operands.dropFirst()), force: force), of: arguments.operands[0])
    if arguments.flag("json") {
      streams.line(json(result))
    } else {
      let list = result.cordoned.joined(separator: " ")
      streams.line("\(result.application): \(list.isEmpty ? "nothing is cordoned" : "cordoned \(list)")")
    }
    return client
  }
}

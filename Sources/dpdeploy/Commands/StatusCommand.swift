import CommandLine
import ControlAPI
import JSON
import Platform

/// `dpdeploy status`: what runs, and how it does.
enum StatusCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy status", "Show applications, their replicas and how they do.",
    discussion: """
      Never starts a controller: where none runs it says so and exits 5. As JSON or YAML it prints one object in every \
      case, described by schema/status.schema.json; null is unknown, an absent key does not apply.
      """,
    operands: [OperandDescription("NAME", "Show this application only.", 0...1)],
    options: [
      OptionDescription(
        "output", short: "o", .value("FORMAT"), "Tables, all columns, a document, or the names alone.",
        choices: StatusFormat.allCases.map(\.rawValue), fallback: StatusFormat.table.rawValue),
      OptionDescription("json", .flag, "As --output json."),
      OptionDescription(
        "watch", short: "w", .flag, "Print again every second: JSON on one line, YAML behind `---`."),
      OptionDescription(
        "check", .openFlag("WHAT"),
        "Exit 7 unless everything is HEALTHY, and when there is nothing; with hints also while there is a warning or an "
          + "error among them.", choices: ["health", "hints"]),
      OptionDescription(
        "attach", .repeated("URL"),
        "Ask the metrics page of vLLM, SGLang or Ray there, such as host:8000, and no controller; may be repeated. "
          + "DPDEPLOY_API_KEY is sent as bearer token."),
      .color,
    ],
    examples: [
      .init(
        "dpdeploy status --attach node1:8000 --attach node2:8000", "ranks that something else has started"),
      .init(
        "dpdeploy status --json | jq '.applications[].metrics.queue_depth'", "the queue of every application"),
      .init("dpdeploy status quickstart --check", "a probe for scripts and CI"),
      .init("dpdeploy status quickstart --check=hints", "a stricter one: fails on warnings, too"),
      .init("for name in $(dpdeploy status -o name); do dpdeploy delete $name --yes; done", "all of them"),
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let source = try StatusSource(arguments)
    let name = arguments.operands.first
    let format = try StatusFormat(arguments)
    let isWatching = arguments.flag("watch")
    while true {
      if format == .json, !arguments.flag("check"), let bytes = await source.document(of: name) {
        let text = isWatching ? bytes : JSONMargins.adding(to: bytes)
        guard streams.out(String(decoding: text, as: UTF8.self) + "\n"), isWatching else { return .ok }
        await Loop.sleep(for: .seconds(1))
        continue
      }
      let outcome = await look(source, name)
      guard show(outcome, format, isWatching, streams) else { return .ok }
      if !isWatching {
        return exitCode(
          outcome, checking: arguments.flag("check"), hints: arguments.value("check") == "hints")
      }
      await Loop.sleep(for: .seconds(1))
    }
  }

  private struct Outcome {
    var status: Status
    var error: ControlError?
  }

  @Loop
  private static func look(_ source: StatusSource, _ name: String?) async -> Outcome {
    do {
      var status = try await source.status()
      guard let name else { return Outcome(status: status) }
      status.applications.removeAll { $0.name != name }
      guard status.applications.isEmpty else { return Outcome(status: status) }
      return Outcome(
        status: status, error: ControlError(code: "not-found", message: "no application is called \(name)"))
    } catch {
      let status = Status(generatedAt: timestamp(), controller: .unreachable(error.message), applications: [])
      return Outcome(status: status, error: error)
    }
  }

  /// False when nobody reads any more.
  private static func show(
    _ outcome: Outcome, _ format: StatusFormat, _ isWatching: Bool, _ streams: StandardStreams
  ) -> Bool {
    if let error = outcome.error, !format.isDocument {
      streams.complain(error.message)
      return true
    }
    if isWatching, !format.isDocument, streams.isOutputTerminal { streams.out("\u{1b}[H\u{1b}[J") }
    return streams.out(format.text(of: outcome.status, style: streams.outputStyle, inSeries: isWatching))
  }

  private static func exitCode(_ outcome: Outcome, checking: Bool, hints: Bool) -> ExitCode {
    if let error = outcome.error { return ExitCode(rawValue: error.exitCode) ?? .failed }
    guard checking else { return .ok }
    guard !outcome.status.applications.isEmpty else { return .unhealthy }
    let isHealthy = outcome.status.applications.allSatisfy { application in
      application.status == .running && application.deployments.allSatisfy { $0.status == .healthy }
    }
    let isWarned = outcome.status.applications.flatMap(\.hints).contains { $0.severity != .info }
    return isHealthy && !(hints && isWarned) ? .ok : .unhealthy
  }
}

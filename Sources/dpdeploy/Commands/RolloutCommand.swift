import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy rollout`: how a change goes, and the way back.
enum RolloutCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy rollout", "Look at a rollout, take it back, halt it, let it go on, or start everything again.",
    discussion: """
      status waits until the rollout is through (exit 1 when it failed, 8 when it was rolled back). history lists the \
      revisions. undo carries an earlier revision out again, as a new one. pause keeps further groups from being \
      replaced, resume goes on. restart starts every process again: group by group, with a further one to serve meanwhile \
      where there is room, and of a single group requests wait at the ingress; new ingress replicas before the old ones \
      end.
      """,
    operands: [
      OperandDescription(
        "ACTION", "What to do.", choices: ["status", "history", "undo", "pause", "resume", "restart"]),
      OperandDescription("NAME", "The application."),
    ],
    options: [
      OptionDescription("to", .value("N"), "The revision to go back to (undo); the one before by default."),
      OptionDescription(
        "only", .value("KIND"), "What to start again (restart); everything by default.",
        choices: RolloutRequest.Kind.allCases.map(\.rawValue)),
      OptionDescription("wait", .flag, "Wait until everything is HEALTHY (undo, resume, restart)."),
      OptionDescription(
        "timeout", .value("TIME"), "Give up waiting after this long, exit 6.", fallback: "10m"),
      OptionDescription("json", .flag, "Print JSON for scripts (all but status)."),
      .color,
    ],
    examples: [.init("dpdeploy rollout undo quickstart --wait", "the revision before, and wait for it")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let name = arguments.operands[1]
    switch arguments.operands[0] {
    case "status": return try await wait(client, name, nil, arguments, streams)
    case "history": return try await history(client, name, arguments, streams)
    case "undo":
      let request = RolloutRequest(.undo, to: try arguments.integer("to", in: 1...1_000_000_000))
      return try await change(request, client, name, arguments, streams)
    case "pause": return try await change(RolloutRequest(.pause), client, name, arguments, streams)
    case "restart":
      let kind = arguments.value("only").flatMap(RolloutRequest.Kind.init)
      return try await change(RolloutRequest(.restart, only: kind), client, name, arguments, streams)
    default: return try await change(RolloutRequest(.resume), client, name, arguments, streams)
    }
  }

  @Loop
  private static func change(
    _ request: RolloutRequest, _ client: ControlClient, _ name: String, _ arguments: ParsedArguments,
    _ streams: StandardStreams
  ) async throws -> ExitCode {
    let result = try await client.rollout(request, of: name)
    if arguments.flag("json") {
      streams.line(json(result))
    } else {
      switch request.action {
      case .undo: ApplyCommand.report(result, streams)
      case .pause: streams.line("the rollout of \(name) is paused")
      case .resume: streams.line("the rollout of \(name) goes on")
      case .restart: streams.line("\(request.only?.rawValue ?? "everything") of \(name) is started again")
      }
    }
    guard arguments.flag("wait"), request.action != .pause else { return .ok }
    return try await wait(client, name, result.revision, arguments, streams)
  }

  @Loop
  private static func wait(
    _ client: ControlClient, _ name: String, _ revision: Int?, _ arguments: ParsedArguments,
    _ streams: StandardStreams
  ) async throws -> ExitCode {
    let timeout = try arguments.seconds("timeout") ?? 600
    return try await HealthWait(client, name, revision: revision, streams).run(
      until: .after(.milliseconds(Int(timeout * 1000))))
  }

  @Loop
  private static func history(
    _ client: ControlClient, _ name: String, _ arguments: ParsedArguments, _ streams: StandardStreams
  ) async throws -> ExitCode {
    let list = try await client.revisions(of: name)
    guard !arguments.flag("json") else {
      streams.line(json(list))
      return .ok
    }
    var table = TextTable(["REVISION", "APPLIED", ""], numeric: ["REVISION"])
    for revision in list.revisions {
      let marks = [
        revision.isCurrent ? "current" : nil, revision.isLastHealthy ? "last healthy" : nil,
        revision.scale.map { "\($0.words) by hand" },
      ]
      table.add(["\(revision.number)", revision.appliedAt, marks.compactMap(\.self).joined(separator: ", ")])
    }
    streams.out(table.render(style: streams.outputStyle))
    return .ok
  }
}

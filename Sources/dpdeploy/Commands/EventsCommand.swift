import CommandLine
import ControlAPI
import ControlClient
import Platform

/// `dpdeploy events`: what happened.
enum EventsCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy events", "Show what happened to applications: applies, starts, deaths and why, recoveries.",
    operands: [OperandDescription("NAME", "Events of this application only.", 0...1)],
    options: [
      OptionDescription("json", .flag, "Print one JSON object; with --follow one event a line."),
      OptionDescription("since", .value("TIME"), "Events of this last time only, such as 10m."),
      OptionDescription("follow", short: "f", .flag, "Go on with what happens next."),
      .color,
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let client = ControlClient(home: try HomeDirectory.ofEnvironment())
    let name = arguments.operands.first
    let isFollowing = arguments.flag("follow")
    var next = 0
    let oldest = try arguments.seconds("since").map { Timestamp.text(WallClock.secondsSinceEpoch - $0) }
    while true {
      var page = try await client.events(since: next, application: name)
      if let name, next == 0, page.events.isEmpty { try await check(name, client) }
      next = page.next
      if let oldest { page.events.removeAll { $0.time < oldest } }
      if arguments.flag("json"), !isFollowing {
        streams.line(json(page))
      } else {
        for event in page.events {
          streams.line(
            arguments.flag("json") ? json(event, isPretty: false) : line(event, streams.outputStyle))
          guard !arguments.flag("json") else { continue }
          for words in event.lastLines ?? [] { streams.line(streams.outputStyle.dim("    | \(words)")) }
        }
      }
      guard isFollowing else { return .ok }
      await Loop.sleep(for: .milliseconds(500))
    }
  }

  /// An application that is gone has its events still; a name that has none is one that nobody had.
  @Loop
  private static func check(_ name: String, _ client: ControlClient) async throws(ControlError) {
    guard try await client.status().applications.contains(where: { $0.name == name }) else {
      throw ControlError(code: "not-found", message: "no application is called \(name)")
    }
  }

  private static func line(_ event: Event, _ style: Style) -> String {
    let reason =
      switch event.severity {
      case .error: style.red(event.reason)
      case .warning: style.yellow(event.reason)
      case .info: style.green(event.reason)
      }
    let subject = event.replica.map { "\(event.application)/\($0)" } ?? event.application
    return "\(style.dim(event.time))  \(reason)  \(subject)  \(event.message)"
  }
}

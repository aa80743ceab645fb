import CommandLine
import Glibc
import Ingress
import Platform
import Routing

/// One ingress replica as a program: parses, serves, drains.
@main struct DPIngress {
  static let description = CommandDescription(
    "dpingress",
    "One ingress replica: queues OpenAI requests and picks a rank for each.",
    discussion: """
      dpdeployd starts it with a listening socket that all replicas accept on, and gives it the ranks by `PUT /v1/ranks` \
      on the admin socket. SIGTERM lets it finish its requests.
      """,
    options: [
      OptionDescription("listen-fd", .value("FD"), "The inherited socket that clients connect to."),
      OptionDescription(
        "listen-uds", .value("PATH"), "In its place, a Unix socket of this replica's own, behind a front."),
      OptionDescription("board-fd", .value("FD"), "The inherited load board of all replicas."),
      OptionDescription("admin-uds", .value("PATH"), "The Unix socket for the controller."),
      OptionDescription("stats-page", .value("PATH"), "Where to publish statistics."),
      OptionDescription("replica", .value("N"), "This replica's number, its row on the board."),
      OptionDescription("replicas-max", .value("N"), "Rows of the board."),
      OptionDescription("model-id", .value("NAME"), "The name that clients ask for."),
      OptionDescription(
        "policy", .value("POLICY"), "How a rank is chosen.", choices: RoutingPolicy.allCases.map(\.rawValue),
        fallback: RoutingPolicy.powerOfTwo.rawValue),
      OptionDescription(
        "max-queued-requests", .value("N"), "Requests that may wait at all replicas; -1 sets no limit.",
        fallback: "4096"),
      OptionDescription(
        "max-ongoing-requests", .value("N"), "Requests that all replicas together may have at ranks."),
      OptionDescription("max-queue-wait-s", .value("S"), "The longest a request waits.", fallback: "60"),
      OptionDescription(
        "max-outage-wait-s", .value("S"),
        "How long after the loss of the last rank requests wait for another.",
        fallback: "60"),
      OptionDescription("request-timeout-s", .value("S"), "The longest a request takes.", fallback: "600"),
      OptionDescription(
        "migration-limit", .value("N"), "How often a stream moves to another rank.", fallback: "3"),
      OptionDescription(
        "drain-timeout-s", .value("S"), "The longest requests may go on after SIGTERM.", fallback: "30"),
      OptionDescription(
        "access-log", .value("FORMAT"), "Log ended requests, without their texts.",
        choices: ["none", "logfmt", "json"], fallback: "none"),
      OptionDescription("access-log-sample", .value("SHARE"), "The share that is logged.", fallback: "1"),
      OptionDescription(
        "otlp-endpoint", .value("URL"), "An OpenTelemetry collector for spans, `http://ADDRESS:4318`."),
      OptionDescription("max-body-bytes", .value("N"), "Bytes of a request's body.", fallback: "16777216"),
      OptionDescription(
        "cors-origins", .value("LIST"), "Origins whose pages may ask, separated by commas; `*` is all."),
      OptionDescription(
        "enable-lora", .flag, "Hand requests for other models to the ranks, which know the adapters."),
      OptionDescription("api-keys-file", .value("FILE"), "The keys of clients, one a line."),
      .manual,
    ])

  static func main() {
    signal(SIGPIPE, SIG_IGN)
    Signals.block([SIGTERM, SIGINT])
    EventLoop.shared.run { await run(Array(Swift.CommandLine.arguments.dropFirst())).rawValue }
  }

  @Loop
  private static func run(_ words: [String]) async -> ExitCode {
    let streams = StandardStreams()
    do {
      guard case .run(let arguments) = try description.parse(words) else {
        streams.out(description.helpText(style: streams.outputStyle, width: streams.width))
        return .ok
      }
      guard !arguments.flag("man") else {
        streams.out(ManualPage(description, version: Version.current, seeAlso: ["dpdeployd"]).text)
        return .ok
      }
      try await IngressReplica(options(arguments)).run()
      return .ok
    } catch let error as UsageError {
      streams.error("dpingress: error: \(error)\n" + (error.help.map { "help: \($0)\n" } ?? ""))
      return .usage
    } catch {
      ProcessLog.fail("dpingress", "\(error)")
      return .failed
    }
  }

  private static func options(_ arguments: ParsedArguments) throws(UsageError) -> IngressOptions {
    func number(_ name: String, _ range: ClosedRange<Int>) throws(UsageError) -> Int {
      guard let number = try arguments.integer(name, in: range) else {
        throw UsageError("--\(name) is missing")
      }
      return number
    }
    let rows = try number("replicas-max", 1...65_536)
    let clients: ClientSocket =
      if let path = arguments.value("listen-uds") { .own(path: path) } else {
        .shared(Int32(try number("listen-fd", 0...1_048_576)))
      }
    var options = IngressOptions(
      clients: clients, boardDescriptor: Int32(try number("board-fd", 0...1_048_576)),
      adminSocket: try arguments.required("admin-uds"), statsPage: try arguments.required("stats-page"),
      replica: try number("replica", 0...(rows - 1)), boardRows: rows,
      modelID: try arguments.required("model-id"))
    try setLimits(of: &options, arguments)
    return options
  }

  private static func setLimits(
    of options: inout IngressOptions, _ arguments: ParsedArguments
  ) throws(UsageError) {
    options.policy = arguments.value("policy").flatMap(RoutingPolicy.init) ?? options.policy
    options.apiKeysFile = arguments.value("api-keys-file")
    options.servesAdapters = arguments.flag("enable-lora")
    if let limit = try arguments.integer("max-queued-requests", in: -1...(.max)) {
      options.maxQueuedRequests = limit < 0 ? nil : limit
    }
    options.maxBodyBytes =
      try arguments.integer("max-body-bytes", in: 1024...(1 << 30)) ?? options.maxBodyBytes
    options.accessLog = arguments.value("access-log").flatMap { $0 == "none" ? nil : $0 }
    guard let share = Double(arguments.value("access-log-sample") ?? "1"), (0...1).contains(share) else {
      throw UsageError("--access-log-sample goes from 0 to 1")
    }
    options.accessLogSample = share
    options.tracesCollector = try arguments.value("otlp-endpoint").map { text throws(UsageError) in
      guard let collector = Endpoint(text) else {
        throw UsageError("--otlp-endpoint must be http://ADDRESS:PORT")
      }
      return collector
    }
    options.corsOrigins = arguments.value("cors-origins")?.split(separator: ",").map(String.init) ?? []
    options.maxOngoingRequests = try arguments.integer("max-ongoing-requests", in: 1...(.max))
    options.migrationLimit =
      try arguments.integer("migration-limit", in: 0...100) ?? options.migrationLimit
    func seconds(_ name: String) throws(UsageError) -> Duration? {
      try arguments.seconds(name).map { .milliseconds(Int($0 * 1000)) }
    }
    options.maxQueueWait = try seconds("max-queue-wait-s") ?? options.maxQueueWait
    options.maxOutageWait = try seconds("max-outage-wait-s") ?? options.maxOutageWait
    options.requestTimeout = try seconds("request-timeout-s") ?? options.requestTimeout
    options.drainTimeout = try seconds("drain-timeout-s") ?? options.drainTimeout
  }
}

import CommandLine
import ControlAPI
import ControlClient
import Glibc
import HTTP
import Platform

/// `dpdeploy ask`: one question, and the answer as it comes.
enum AskCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy ask", "Ask a deployed model and stream its answer.",
    operands: [OperandDescription("TEXT", "The question.")],
    options: [
      OptionDescription(
        "application", short: "a", .value("NAME"), "Which application; needed when there are several."),
      OptionDescription("max-tokens", .value("N"), "The longest answer.", fallback: "128"),
      OptionDescription("temperature", .value("T"), "0 is greedy.", fallback: "0"),
      OptionDescription("timeout", .value("TIME"), "Give up after this long.", fallback: "60s"),
      .color,
    ],
    examples: [.init("dpdeploy ask 'What is TTFT?'", "the quickest check that a deployment answers")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let timeout = try arguments.seconds("timeout") ?? 60
    let target = try await ServingTarget.find(arguments.value("application"), streams)
    let request = ChatRequest(
      model: target.model, prompt: arguments.operands[0],
      maxTokens: try arguments.integer("max-tokens", in: 1...1_000_000) ?? 128,
      temperature: try arguments.number("temperature", in: 0...2) ?? 0,
      apiKey: Environment["DPDEPLOY_API_KEY"])
    let start = Instant.now
    let deadline = Instant.after(.milliseconds(Int(timeout * 1000)))
    do {
      let stream = try await ChatStream.open(request, at: HTTPClient(target.endpoint), until: deadline)
      try await printAnswer(stream, since: start, until: deadline, streams)
      return .ok
    } catch {
      streams.line("")
      streams.complain("\(error)")
      return .failed
    }
  }

  @Loop
  private static func printAnswer(
    _ stream: ChatStream, since start: Instant, until deadline: Instant, _ streams: StandardStreams
  ) async throws(ChatError) {
    var first: Instant?
    var tokens = 0
    while let delta = try await stream.next(until: deadline) {
      switch delta {
      case .text(let text):
        first = first ?? .now
        streams.out(text)
      case .usage(_, let completion): tokens = completion
      }
    }
    streams.line("")
    guard let first else { return }
    let ttft = Quantity.seconds((first - start).inSeconds)
    let rate = Quantity.rate(Double(tokens) / max((Instant.now - start).inSeconds, 1e-9))
    streams.remark(streams.errorStyle.dim("first token after \(ttft), \(tokens) tokens, \(rate) tok/s"))
  }
}

/// Where a running application answers, and to which model name.
struct ServingTarget {
  let application: String
  let endpoint: Endpoint
  let model: String

  /// The application called `name`, or the only one there is.
  @Loop
  static func find(_ name: String?, _ streams: StandardStreams) async throws(ControlError) -> ServingTarget {
    let home = try HomeDirectory.ofEnvironment()
    let client = ControlClient(home: home)
    let all = try await client.status().applications
    let chosen = name == nil && all.count == 1 ? all.first : all.first { $0.name == name }
    guard let chosen else {
      let names = all.map(\.name).joined(separator: ", ")
      let reason = name.map { "no application is called \($0)" } ?? "say which application with --application"
      throw ControlError(
        code: "not-found", message: reason + (all.isEmpty ? "; none is deployed" : "; there are: \(names)"))
    }
    guard let text = chosen.endpoint.value, let told = Endpoint(text) else {
      throw ControlError(
        code: "not-ready", message: "\(chosen.name) has no endpoint yet: \(chosen.message)", exitCode: 7)
    }
    // The controller's socket takes connections that nobody would answer.
    let ingress = chosen.deployments.flatMap(\.replicas).filter { $0.role == .ingress }
    guard let running = ingress.first(where: { $0.state == .running }) else {
      throw ControlError(
        code: "not-ready", message: "\(chosen.name) has no ingress replica that runs: \(chosen.message)",
        exitCode: 7)
    }
    let endpoint = text.hasPrefix("https:") ? behindFront(running, of: chosen.name, home) : told
    return ServingTarget(application: chosen.name, endpoint: endpoint, model: chosen.modelId)
  }

  /// The socket of a replica to which a front ends TLS: its certificate may be one that only the clients trust.
  private static func behindFront(
    _ replica: ReplicaStatus, of application: String, _ home: HomeDirectory
  ) -> Endpoint {
    .unix(path: home.clientSocket(of: application, ingress: replica.id))
  }
}

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
    let request = CompletionRequest(
      model: target.model, prompt: .message(arguments.operands[0]),
      maxTokens: try arguments.integer("max-tokens", in: 1...1_000_000) ?? 128,
      temperature: try arguments.number("temperature", in: 0...2) ?? 0,
      apiKey: Environment["DPDEPLOY_API_KEY"])
    let start = Instant.now
    let deadline = Instant.after(.milliseconds(Int(timeout * 1000)))
    do {
      let stream = try await CompletionStream.open(request, at: HTTPClient(target.endpoint), until: deadline)
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
    _ stream: CompletionStream, since start: Instant, until deadline: Instant, _ streams: StandardStreams
  ) async throws(CompletionError) {
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

import Platform

/// The spans of one request: the whole, its waits in the queue, and its attempts at ranks.
@Loop
struct RequestTrace {
  private let exporter: SpanExporter
  private let parentID: String?
  /// The request's own span.
  let context: TraceContext

  /// - Parameter header: the caller's `traceparent`; what is none begins a new trace.
  init(_ exporter: SpanExporter, _ header: String?) {
    self.exporter = exporter
    let caller = header.flatMap { TraceContext($0) }
    parentID = caller?.spanID
    context = caller?.child() ?? TraceContext()
  }

  /// Tells of the whole request.
  func ended(_ path: String, _ times: RequestTimes, _ attributes: [(String, Span.Value)], isError: Bool) {
    var attributes = attributes
    if let first = times.timeToFirstToken {
      attributes.append(("gen_ai.server.time_to_first_token", .number(first.inSeconds)))
    }
    attributes.append(("gen_ai.usage.output_tokens", .integer(times.outputTokens)))
    exporter.add(
      Span(
        context: context, parentID: parentID, name: "POST \(path)", kind: .server, start: times.arrival,
        end: .now,
        attributes: attributes, isError: isError))
  }

  /// Tells of a wait in the queue.
  func waited(since start: Instant) {
    exporter.add(
      Span(
        context: context.child(), parentID: context.spanID, name: "queue", kind: .inside, start: start,
        end: .now,
        attributes: [], isError: false))
  }

  /// Tells of an attempt, which the rank knows by `attempt`.
  func tried(_ rank: String, _ attempt: TraceContext, since start: Instant, failure: String?) {
    var attributes: [(String, Span.Value)] = [("dpdeploy.rank", .text(rank))]
    if let failure { attributes.append(("error.message", .text(failure))) }
    exporter.add(
      Span(
        context: attempt, parentID: context.spanID, name: "rank \(rank)", kind: .client, start: start,
        end: .now,
        attributes: attributes, isError: failure != nil))
  }
}

import HTTP
import OpenAI
import Platform

/// Sends spans to an OpenTelemetry collector: OTLP over HTTP in JSON, once a second, and never waits for it in a request.
@Loop
final class SpanExporter {
  private let client: HTTPClient
  private let replica: Int
  private let model: String
  private var spans: [Span] = []
  /// Spans that were given up since the collector took some last.
  private(set) var dropped = 0
  private let timer = LoopTimer()
  private static let interval = Duration.seconds(1)
  private static let timeout = Duration.seconds(5)
  /// Beyond these new spans are given up until some have been sent.
  private static let most = 4096

  init(_ collector: Endpoint, replica: Int, model: String) {
    client = HTTPClient(collector)
    self.replica = replica
    self.model = model
  }

  /// Takes a span that has ended.
  func add(_ span: Span) {
    guard span.context.isSampled else { return }
    guard spans.count < Self.most else { return dropped += 1 }
    spans.append(span)
    guard !timer.isSet else { return }
    timer.set(.after(Self.interval)) { [weak self] in self?.flushSoon() }
  }

  private func flushSoon() { Loop.task { await self.flush() } }

  /// Sends what there is; spans that the collector does not take are given up, so that it never holds anything up.
  func flush() async {
    guard !spans.isEmpty else { return }
    let batch = spans
    spans = []
    let answer = try? await client.request(
      "POST", "/v1/traces", fields: [("Content-Type", "application/json")], body: body(batch),
      until: .after(Self.timeout))
    if let answer, answer.status < 300 {
      if dropped > 0 { ProcessLog.write("\(dropped) spans were not taken by \(client.endpoint)") }
      dropped = 0
    } else {
      dropped += batch.count
    }
  }

  private func body(_ batch: [Span]) -> [UInt8] {
    let epoch = UInt64(WallClock.secondsSinceEpoch * 1e9) &- Instant.now.nanoseconds
    var json = JSONWriter(capacity: 512 * batch.count)
    json.raw("{\"resourceSpans\":[{\"resource\":{\"attributes\":")
    Span.write(
      [
        ("service.name", .text("dpingress")), ("service.version", .text(Version.current)),
        ("service.instance.id", .text("ingress-\(replica)")), ("gen_ai.request.model", .text(model)),
      ], to: &json)
    json.raw("},\"scopeSpans\":[{\"scope\":{\"name\":\"dpdeploy\"},\"spans\":")
    json.array(batch) { $1.write(to: &$0, epoch: epoch) }
    json.raw("}]}]}")
    return json.bytes
  }
}

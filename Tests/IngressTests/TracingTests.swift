import HTTP
import JSON
import Platform
import Testing

@testable import Ingress

@Suite @Loop struct `Tracing` {
  private static let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  @Test func `reads a traceparent as W3C allows it, and nothing else`() {
    #expect(TraceContext(Self.caller)?.text == Self.caller)
    #expect(TraceContext("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later") != nil)
    for wrong in [
      "", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
      "00-\(String(repeating: "0", count: 32))-b7ad6b7169203331-01",
      "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
      "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    ] {
      #expect(TraceContext(wrong) == nil, "\(wrong)")
    }
  }

  @Test func `hands the caller's place on as it is where nobody collects`() async throws {
    try await onStage(Stage()) { stage in
      var seen: [String?] = []
      try stage.addRank { exchange in
        seen = [exchange.head["traceparent"], exchange.head["tracestate"]]
        await exchange.respond(200, body: Array("{}".utf8))
      }
      try stage.publish(1)
      _ = try await stage.post(fields: [("Traceparent", Self.caller), ("Tracestate", "a=b")])
      #expect(seen == [Self.caller, "a=b"])
    }
  }

  @Test func `tells a collector of the request, its wait and each attempt, and the ranks their place`()
    async throws
  {
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    let port = Listener.port(of: socket) ?? 0
    var spans: [JSONValue] = []
    let collector = HTTPServer(try Listener(socket)) { exchange in
      let body = (try? await exchange.readBody()) ?? []
      let root = try? JSONValue(parsing: body)
      let scope = root?["resourceSpans"]?.elements?.first?["scopeSpans"]?.elements?.first
      if exchange.head.path == "/v1/traces" { spans += scope?["spans"]?.elements ?? [] }
      await exchange.respond(200, body: Array("{}".utf8))
    }
    Task { await collector.run() }
    try await onStage(Stage { $0.tracesCollector = .tcp(host: "127.0.0.1", port: port) }) { stage in
      var attempts: [String] = []
      for _ in 0..<2 {
        try stage.addRank { exchange in
          attempts.append(exchange.head["traceparent"] ?? "")
          await exchange.respond(attempts.count == 1 ? 500 : 200, body: Array("{}".utf8))
        }
      }
      try stage.publish(2)
      let answer = try await stage.post(fields: [("Traceparent", Self.caller)])
      #expect(answer.head.status == 200)
      await eventually { stage.service.activeCount == 0 }
      await stage.service.spans?.flush()
      #expect(
        spans.compactMap { $0["name"]?.string }.map { $0.hasPrefix("rank") ? "rank" : $0 }
          == ["queue", "rank", "queue", "rank", "POST /v1/chat/completions"])
      #expect(Set(spans.compactMap { $0["traceId"]?.string }) == ["0af7651916cd43dd8448eb211c80319c"])
      let request = try #require(spans.last)
      #expect(request["parentSpanId"]?.string == "b7ad6b7169203331" && request["kind"]?.integer == 2)
      let id = try #require(request["spanId"]?.string)
      #expect(spans.dropLast().allSatisfy { $0["parentSpanId"]?.string == id })
      let told = [spans[1], spans[3]].compactMap { $0["spanId"]?.string }
      #expect(attempts.map { String($0.split(separator: "-")[2]) } == told)
      #expect(spans[1]["status"]?["code"]?.integer == 2 && spans[3]["status"]?["code"] == nil)
    }
    _ = await collector.drain(until: .after(.seconds(1)))
  }
}

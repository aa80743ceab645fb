import HTTP
import Platform
import Testing

@testable import Ingress

@Suite @Loop struct `The access log` {
  @Loop private final class Lines {
    var all: [String] = []
  }

  private func lines(
    _ format: AccessLog.Format, sample: Double = 1, ask: @Loop (Stage) async throws -> Void
  ) async throws -> [String] {
    let lines = Lines()
    try await onStage(Stage()) { stage in
      stage.service.accessLog = AccessLog(format, sample: sample) { lines.all.append($0) }
      try stage.addRank { exchange in
        let body = (try? await exchange.readBody()) ?? []
        let isBad = String(decoding: body, as: UTF8.self).contains("bad")
        if isBad { await exchange.respond(500, body: []) } else { await exchange.stream(["a secret"]) }
      }
      try stage.publish(1)
      try await ask(stage)
    }
    return lines.all
  }

  @Test func `says what became of a request and nothing of its text`() async throws {
    let text = try await lines(.logfmt) { stage in
      let answer = try await stage.post(
        #"{"messages":[{"content":"a secret"}]}"#,
        fields: [
          ("X-Request-Id", "mine \"x\""), ("x-stainless-retry-count", "2"), ("Authorization", "Bearer sk"),
        ])
      _ = await answer.rest()
      await eventually { stage.service.metrics.requestsByStatus[200] == 1 }
    }
    #expect(text.count == 1 && text[0].hasPrefix("time=20"))
    for part in [
      #"request_id="mine \"x\"""#, "method=POST path=/v1/chat/completions status=200 rank=0/0 duration_ms=",
      " ttft_ms=", "output_tokens=1 client_retries=2",
    ] { #expect(text[0].contains(part), "\(text)") }
    #expect(!text[0].contains("secret") && !text[0].contains("sk"))
  }

  @Test func `is JSON when asked, and tells of failures whatever the sample`() async throws {
    let text = try await lines(.json, sample: 0) { stage in
      _ = await (try await stage.post("{}")).rest()
      _ = await (try await stage.post(#"{"bad":1}"#)).rest()
      await eventually { stage.service.metrics.requestsByStatus[500] == 1 }
    }
    #expect(
      text.count == 1 && text[0].hasPrefix(#"{"time":"20"#) && text[0].contains(#""status":500,"rank":"0/0""#)
    )
  }
}

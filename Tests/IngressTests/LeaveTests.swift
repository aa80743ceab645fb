import HTTP
import Platform
import Testing

@testable import Ingress

@Suite @Loop struct `A replica on leave` {
  private func ask(_ stage: Stage, _ target: String) async throws -> (status: Int, text: String) {
    let answer = try await stage.admin.request("POST", target, until: .after(Stage.patience))
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
  }

  @Test func `sends its clients elsewhere, says when none is left, and comes back`() async throws {
    try await onStage(Stage()) { stage in
      let end = Signal()
      try stage.addRank { exchange in
        await exchange.stream(["a"], done: false)
        _ = await end.wait(until: .after(Stage.patience))
        await exchange.write(Array("data: [DONE]\n\n".utf8))
        await exchange.endStream()
      }
      try stage.publish(1)
      _ = try await stage.client.request("GET", "/load", until: .after(Stage.patience))
      let stream = try await HTTPClient(stage.client.endpoint).send(
        "POST", head: HeadWriter(method: "POST", target: "/v1/completions", host: "x"),
        body: Array("{}".utf8),
        until: .after(Stage.patience))
      let begun = try await ask(stage, "/drain")
      #expect(begun.status == 202 && begun.text == #"{"draining":true,"active":1,"connections":1}"#)
      let away = try await stage.client.request("GET", "/health", until: .after(Stage.patience))
      #expect(away.status == 503)
      let quiet = Task { try await ask(stage, "/drain?wait_s=20") }
      end.fire()
      let (text, isComplete) = await stream.rest()
      #expect(text.hasSuffix("[DONE]\n\n") && isComplete)
      let left = try await quiet.value
      #expect(left.status == 200)
      let back = try await ask(stage, "/resume")
      #expect(back.text.hasPrefix(#"{"draining":false,"active":0"#))
      let here = try await stage.client.request("GET", "/health", until: .after(Stage.patience))
      #expect(here.status == 200)
    }
  }

  @Test func `is asked for in the right words`() async throws {
    try await onStage(Stage()) { stage in
      for (target, status) in [("/drain?wait_s=long", 400), ("/v1/ranks", 405), ("/leave", 404)] {
        let answer = try await ask(stage, target)
        #expect(answer.status == status)
      }
    }
  }
}

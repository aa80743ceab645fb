import HTTP
import Platform
import Testing

@testable import Ingress

@Suite @Loop struct `The ingress's endpoints` {
  private func get(_ stage: Stage, _ path: String, _ fields: [(String, String)] = []) async throws -> (
    status: Int, text: String
  ) {
    let answer = try await stage.client.request("GET", path, fields: fields, until: .after(Stage.patience))
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
  }

  @Test func `say whether a rank serves`() async throws {
    try await onStage(Stage()) { stage in
      #expect(try await get(stage, "/health").status == 503)
      try stage.publish(1)
      #expect(try await get(stage, "/health") == (200, ""))
    }
  }

  @Test func `list the model, as a rank knows it and without one`() async throws {
    try await onStage(Stage()) { stage in
      #expect(try await get(stage, "/v1/models").text.contains(#""max_model_len":null"#))
      #expect(try await get(stage, "/v1/models/toy").status == 200)
      #expect(try await get(stage, "/v1/models/other").status == 404)
      try stage.addRank { await $0.respond(200, body: Array("from the rank".utf8)) }
      try stage.publish(1)
      #expect(try await get(stage, "/v1/models") == (200, "from the rank"))
    }
  }

  @Test func `refuse what they do not know in the API's own shape`() async throws {
    try await onStage(Stage()) { stage in
      try stage.publish(1)
      let unknown = try await get(stage, "/v2/x")
      #expect(unknown.status == 404 && unknown.text.hasPrefix(#"{"error":{"message":"Not Found: /v2/x""#))
      #expect(try await get(stage, "/v1/completions").status == 405)
      for (body, status) in [
        ("{", 400), ("[]", 400), (#"{"model":7}"#, 400), (#"{"model":"other"}"#, 404), ("", 400),
      ] {
        let answer = try await stage.post(body)
        #expect(answer.head.status == status, "\(body)")
        #expect(await answer.rest().text.hasPrefix(#"{"error":{"#))
      }
      for rank in ["9", "-1", "x"] {
        #expect(try await stage.post(fields: [("X-Data-Parallel-Rank", rank)]).head.status == 400)
      }
    }
  }

  @Test func `leave names of adapters to the ranks, and go back to the one that holds it`() async throws {
    try await onStage(Stage { $0.servesAdapters = true }) { stage in
      var asked: [Int] = []
      for rank in 0..<2 {
        try stage.addRank { exchange in
          asked.append(rank)
          let body = String(decoding: (try? await exchange.readBody()) ?? [], as: UTF8.self)
          await exchange.respond(body.contains("nope") ? 404 : 200, body: Array("{}".utf8))
        }
      }
      try stage.publish(2)
      #expect(try await stage.post(#"{"model":"nope"}"#).head.status == 404)
      asked = []
      for turn in 0..<12 {
        let name = turn.isMultiple(of: 2) ? "toy:sql" : "sql"
        #expect(try await stage.post(#"{"model":"\#(name)"}"#).head.status == 200)
      }
      #expect(asked.count == 12 && Set(asked).count == 1, "\(asked)")
    }
  }

  @Test func `refuse to load an adapter into one rank of many`() async throws {
    @Loop func load(_ stage: Stage) async throws -> (status: Int, text: String) {
      let answer = try await stage.client.request(
        "POST", "/v1/load_lora_adapter", body: Array("{}".utf8), until: .after(Stage.patience))
      return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }
    try await onStage(Stage { $0.servesAdapters = true }) { stage in
      let refused = try await load(stage)
      #expect(refused.status == 400 && refused.text.contains("dynamic_lora_loading_path"), "\(refused)")
    }
    try await onStage(Stage()) { stage in
      let status = try await load(stage).status
      #expect(status == 404)
    }
  }

  @Test func `let in who has a key, where keys are asked for`() async throws {
    try await onStage(Stage(keys: ["one", "two"])) { stage in
      try stage.publish(1)
      #expect(try await get(stage, "/health").status == 200)
      #expect(try await get(stage, "/v1/models").status == 401)
      #expect(try await get(stage, "/v1/models", [("Authorization", "Bearer three")]).status == 401)
      #expect(try await get(stage, "/v1/models", [("Authorization", "two")]).status == 401)
      #expect(try await get(stage, "/v1/models", [("Authorization", "Bearer two")]).status == 200)
    }
  }

  @Test func `let a caller have as many requests under way as its key says, anywhere`() async throws {
    try await onStage(Stage(keys: ["one name=acme max_ongoing_requests=1", "two"])) { stage in
      let second = try Stage(keys: ["one name=acme max_ongoing_requests=1"], replica: 1, beside: stage)
      let (started, release) = (Signal(), Signal())
      try stage.addRank { exchange in
        started.fire()
        _ = await release.wait(until: .after(Stage.patience))
        await exchange.respond(200, body: Array("{}".utf8))
      }
      for one in [stage, second] { try one.publish(1) }
      let key = [("Authorization", "Bearer one")]
      let first = Task { try await stage.post(fields: key).head.status }
      #expect(await started.wait(until: .after(Stage.patience)))
      for one in [stage, second] {
        let refused = try await one.post(fields: key)
        #expect(refused.head.status == 429 && refused.head["x-should-retry"] == "true")
        #expect(refused.head["retry-after"] != nil)
      }
      let other = Task { try await stage.post(fields: [("Authorization", "Bearer two")]).head.status }
      release.fire()
      #expect(try await first.value == 200)
      #expect(try await other.value == 200)
      #expect(try await second.post(fields: key).head.status == 200)
      let text = try await get(stage, "/metrics").text
      #expect(text.contains(#"caller_requests_total{replica="0",caller="acme",code="429"} 1"#))
      #expect(text.contains(#"caller="key-3",code="200"} 1"#) && !text.contains("one\""))
      await second.end()
    }
  }

  @Test func `let pages of certain origins ask`() async throws {
    try await onStage(Stage { $0.corsOrigins = ["https://chat.example"] }) { stage in
      @Loop func ask(_ method: String, _ origin: String) async throws -> MessageHead {
        var head = HeadWriter(method: method, target: "/version", host: "x")
        head.field("Origin", origin)
        head.field("Access-Control-Request-Method", "POST")
        let answer = try await stage.client.send(method, head: head, body: [], until: .after(Stage.patience))
        _ = await answer.rest()
        return answer.head
      }
      for method in ["OPTIONS", "GET"] {
        let friend = try await ask(method, "https://chat.example")
        #expect(friend.status == 200 && friend["access-control-allow-origin"] == "https://chat.example")
        #expect(try await ask(method, "https://evil.example")["access-control-allow-origin"] == nil)
      }
      let preflight = try await ask("OPTIONS", "https://chat.example")
      #expect(preflight["access-control-allow-headers"] == "*, Authorization" && preflight["allow"] != nil)
    }
  }

  @Test func `tell metrics with the labels that docs/metrics.md promises`() async throws {
    try await onStage(Stage()) { stage in
      try stage.publish(1)
      let text = try await get(stage, "/metrics").text
      #expect(text.contains(#"dpdeploy_ingress_ranks_live{replica="0"} 1.0"#))
      #expect(text.contains(#"dpdeploy_ingress_rank_in_flight{replica="0",group="0",rank="0"} 0"#))
    }
  }
}

import HTTP
import Platform
import Telemetry
import Testing

@testable import Ingress

@Suite @Loop struct `A relayed request` {
  @Test func `reaches the client byte for byte, less the ids, which are counted`() async throws {
    try await onStage(Stage()) { stage in
      try stage.addRank { exchange in
        _ = try? await exchange.readBody()
        await exchange.stream(["a", "b", "c"])
        await exchange.endStream()
      }
      try stage.publish(1)
      let answer = try await stage.post(fields: [("X-Request-Id", "mine")])
      #expect(answer.head["x-request-id"] == "mine")
      let (text, isComplete) = await answer.rest()
      #expect(
        text == "data: {\"t\":\"a\"}\n\ndata: {\"t\":\"b\"}\n\ndata: {\"t\":\"c\"}\n\ndata: [DONE]\n\n")
      #expect(isComplete)
      await eventually { stage.service.metrics.stats.value(.succeeded) == 1 }
      let metrics = stage.service.metrics
      #expect(metrics.stats.value(.generationTokens) == 3 && metrics.timeToFirstToken.count == 1)
      #expect(metrics.timePerOutputToken.count == 1 && metrics.requestsByStatus == [200: 1])
      #expect(stage.inFlight(0) == 0)
    }
  }

  @Test func `for another model goes to a rank only where ranks serve adapters`() async throws {
    for servesAdapters in [false, true] {
      try await onStage(Stage({ $0.servesAdapters = servesAdapters })) { stage in
        try stage.addRank { exchange in
          _ = try? await exchange.readBody()
          await exchange.respond(200, body: Array("{}".utf8))
        }
        try stage.publish(1)
        let status = try await stage.post(#"{"model":"toy:sql","messages":[]}"#).head.status
        #expect(status == (servesAdapters ? 200 : 404))
      }
    }
  }

  @Test func `hands on what is for the rank, and keeps back what is not`() async throws {
    try await onStage(Stage()) { stage in
      var seen: [String: String?] = [:]
      var body: [UInt8] = []
      try stage.addRank { exchange in
        for name in ["authorization", "x-custom", "x-dpdeploy-resume", "x-dpdeploy-request", "x-hop", "host"]
        {
          seen[name] = .some(exchange.head[name])
        }
        body = (try? await exchange.readBody()) ?? []
        await exchange.respond(
          200, fields: [("X-Dpdeploy-Secret", "1"), ("X-Dpdeploy-Rank", "0")], body: Array("{}".utf8))
      }
      try stage.publish(1)
      let answer = try await stage.post(
        #"{"messages":[], "odd" :1}"#,
        fields: [
          ("Authorization", "Bearer k"), ("X-Custom", "yes"), ("X-Dpdeploy-Resume", "1,2"),
          ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("X-Request-Id", "r"),
        ])
      #expect(answer.head.status == 200)
      #expect(answer.head["x-dpdeploy-secret"] == nil && answer.head["x-dpdeploy-rank"] == "0")
      #expect(seen["authorization"] == .some(nil) && seen["x-dpdeploy-resume"] == .some(nil))
      #expect(
        seen["x-custom"] == "yes" && (seen["x-dpdeploy-request"] ?? nil)?.hasSuffix("id=r") == true
          && seen["x-hop"] == .some(nil))
      #expect(String(decoding: body, as: UTF8.self) == #"{"messages":[], "odd" :1}"#)
    }
  }

  @Test func `goes to another rank when one is not there or fails`() async throws {
    try await onStage(Stage()) { stage in
      try stage.addRank { await $0.respond(500, body: Array("{}".utf8)) }
      try stage.addRank { exchange in
        _ = try? await exchange.readBody()
        await exchange.respond(200, body: Array("good".utf8))
      }
      // The third has no socket at all.
      try stage.publish(3)
      for _ in 0..<6 {
        let answer = try await stage.post()
        #expect(answer.head.status == 200)
        #expect(await answer.rest().text == "good")
      }
      #expect((0..<3).allSatisfy { stage.inFlight($0) == 0 })
    }
  }

  @Test func `is given back with the rank's own words when every rank fails`() async throws {
    try await onStage(Stage()) { stage in
      try stage.addRank { await $0.respond(500, body: Array("broken".utf8)) }
      try stage.publish(1)
      let answer = try await stage.post()
      #expect(answer.head.status == 500)
      #expect(await answer.rest().text == "broken")
      #expect(stage.service.metrics.stats.value(.retries) == 3)
    }
  }

  @Test func `is not sent twice for a fault of its own`() async throws {
    try await onStage(Stage()) { stage in
      var calls = 0
      try stage.addRank { exchange in
        calls += 1
        await exchange.respond(400, body: Array("bad".utf8))
      }
      try stage.publish(1)
      #expect(try await stage.post().head.status == 400)
      #expect(try await stage.post().head.status == 400)
      #expect(calls == 2 && stage.service.metrics.stats.value(.clientErrors) == 2)
    }
  }

  @Test(arguments: ["cut", "early end"])
  func `ends in an error event and no clean end when its stream breaks`(how: String) async throws {
    try await onStage(Stage { $0.migrationLimit = 0 }) { stage in
      try stage.addRank { exchange in
        await exchange.stream(["a"], done: false)
        if how == "cut" { exchange.abort() } else { await exchange.endStream() }
      }
      try stage.publish(1)
      let (text, isComplete) = await (try await stage.post()).rest()
      #expect(text.hasPrefix("data: {\"t\":\"a\"}\n\ndata: {\"error\":{\"message\":\"The rank failed"))
      #expect(!text.contains("[DONE]") && !isComplete)
      await eventually { stage.service.metrics.stats.value(.streamErrors) == 1 }
      // One loss says nothing against the request: it may be sent again.
      #expect(try await stage.post().head.status == 200)
    }
  }

  @Test func `does not repeat an error that the rank has told`() async throws {
    try await onStage(Stage { $0.migrationLimit = 0 }) { stage in
      try stage.addRank { exchange in
        await exchange.stream(["a"], done: false)
        await exchange.write(Array("data: {\"error\":{\"message\":\"mine\"}}\n\n".utf8))
        exchange.abort()
      }
      try stage.publish(1)
      let (text, _) = await (try await stage.post()).rest()
      #expect(text.hasSuffix("data: {\"error\":{\"message\":\"mine\"}}\n\n"))
    }
  }

  @Test func `is taken back from its rank when the client leaves, before the answer and in it`() async throws
  {
    try await onStage(Stage()) { stage in
      var left = 0
      try stage.addRank { exchange in
        let gone = Signal()
        exchange.onAbandon = {
          left += 1
          gone.fire()
        }
        if exchange.head["x-early"] == nil { await exchange.stream(["a"], done: false) }
        _ = await gone.wait(until: .after(Stage.patience))
      }
      try stage.publish(1)
      (try await stage.post()).cancel()
      await eventually { left == 1 && stage.inFlight(0) == 0 }
      let cancellation = HTTPCancellation()
      var head = HeadWriter(method: "POST", target: "/v1/completions", host: "x")
      head.field("X-Early", "1")
      let waiting = Task {
        try? await stage.client.send(
          "POST", head: head, body: Array("{}".utf8), cancellation: cancellation,
          until: .after(Stage.patience))
      }
      await eventually { stage.inFlight(0) == 1 }
      cancellation.cancel()
      _ = await waiting.value
      await eventually { left == 2 && stage.inFlight(0) == 0 }
      #expect(stage.service.metrics.stats.value(.clientAborts) == 2)
    }
  }

  @Test func `is never read faster than its client reads`() async throws {
    try await onStage(Stage()) { stage in
      var written = 0
      try stage.addRank { exchange in
        let line = Array("data: \(String(repeating: "x", count: 64 << 10))\n\n".utf8)
        await exchange.stream([], done: false)
        while !exchange.isAbandoned, written < 512 << 20 {
          await exchange.write(line)
          written += line.count
        }
      }
      try stage.publish(1)
      let answer = try await stage.post()
      var last = -1
      // The kernel's buffers fill, then the rank stands still.
      while written != last {
        last = written
        await Loop.sleep(for: .milliseconds(200))
      }
      #expect(written < 64 << 20)
      answer.cancel()
    }
  }

  @Test func `that outlives its time is told so`() async throws {
    try await onStage(Stage { $0.requestTimeout = .milliseconds(200) }) { stage in
      try stage.addRank { exchange in
        let gone = Signal()
        exchange.onAbandon = { gone.fire() }
        if exchange.head["x-stream"] != nil { await exchange.stream(["a"], done: false) }
        _ = await gone.wait(until: .after(Stage.patience))
      }
      try stage.publish(1)
      #expect(try await stage.post().head.status == 504)
      let (text, isComplete) = await (try await stage.post(fields: [("X-Stream", "1")])).rest()
      #expect(text.contains("time was over") && !isComplete)
    }
  }

  @Test func `under way when the replica's time is over ends in an error event`() async throws {
    try await onStage(Stage()) { stage in
      try stage.addRank { exchange in
        let gone = Signal()
        exchange.onAbandon = { gone.fire() }
        await exchange.stream(["a"], done: false)
        _ = await gone.wait(until: .after(Stage.patience))
      }
      try stage.publish(1)
      let answer = try await stage.post()
      stage.service.interruptAll()
      let (text, isComplete) = await answer.rest()
      #expect(text.contains("This ingress replica ended") && !isComplete)
    }
  }
}

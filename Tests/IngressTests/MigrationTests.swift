import HTTP
import OpenAI
import Platform
import Routing
import Telemetry
import Testing

@testable import Ingress

@Suite @Loop struct `A stream whose rank is lost` {
  private static let texts = ["a", "b", "c", "d"]
  private static let whole = texts.map { "data: {\"t\":\"\($0)\"}\n\n" }.joined() + "data: [DONE]\n\n"

  /// A rank that goes on where the request says, and breaks off after `count` events of its own; nil never does.
  private func rank(dyingAfter count: Int?, _ requests: Requests) -> HTTPServer.Handler {
    { exchange in
      _ = try? await exchange.readBody()
      requests.note(exchange.head)
      let resumed = exchange.head["x-dpdeploy-resume"].flatMap { EmittedTokens(parsing: $0) }
      let first = resumed?.count ?? 0
      guard let count else {
        await exchange.stream(Self.texts, from: first)
        return await exchange.endStream()
      }
      await exchange.stream(Array(Self.texts.prefix(first + count)), from: first, done: false)
      await exchange.write(Array(": ids 0=9\ndata: {\"t\":\"ha".utf8))
      exchange.abort()
    }
  }

  /// What ranks were told.
  @Loop private final class Requests {
    private(set) var tickets: [String] = []
    private(set) var resumed: [String] = []

    nonisolated init() {}

    func note(_ head: MessageHead) {
      tickets.append(head["x-dpdeploy-request"] ?? "")
      resumed.append(head["x-dpdeploy-resume"] ?? "")
    }
  }

  @Test(arguments: [0, 1, 3])
  func `goes on from another rank as one unbroken text`(count: Int) async throws {
    let requests = Requests()
    try await onStage(Stage { $0.policy = .roundRobin }) { stage in
      for _ in 0..<2 {
        var isFirst = true
        let (dying, lasting) = (rank(dyingAfter: count, requests), rank(dyingAfter: nil, requests))
        try stage.addRank { exchange in
          let dies = isFirst && requests.tickets.isEmpty
          isFirst = false
          await dies ? dying(exchange) : lasting(exchange)
        }
      }
      try stage.publish(2)
      let (text, isComplete) = await (try await stage.post()).rest()
      #expect(text == Self.whole && isComplete)
      #expect(Set(requests.tickets).count == 1 && requests.tickets.count == 2)
      let told = (1...4).prefix(count).map(String.init).joined(separator: ",")
      #expect(requests.resumed == ["", count == 0 ? "" : "0=" + told])
      await eventually { stage.service.metrics.stats.value(.succeeded) == 1 }
      #expect(stage.service.metrics.stats.value(.generationTokens) == 4)
      #expect((0..<2).allSatisfy { stage.inFlight($0) == 0 })
    }
  }

  @Test func `before it has said anything begins anew on another rank`() async throws {
    try await onStage(Stage { $0.policy = .roundRobin }) { stage in
      var calls = 0
      for _ in 0..<2 {
        try stage.addRank { exchange in
          calls += 1
          guard calls == 1 else {
            await exchange.stream(Self.texts)
            return await exchange.endStream()
          }
          await exchange.beginStream(200, fields: [("Content-Type", "text/event-stream")])
          exchange.abort()
        }
      }
      try stage.publish(2)
      let (text, isComplete) = await (try await stage.post()).rest()
      #expect(text == Self.whole && isComplete && calls == 2)
    }
  }

  @Test func `again and again goes on all the same`() async throws {
    let requests = Requests()
    try await onStage(Stage { $0.migrationLimit = 3 }) { stage in
      let (dying, lasting) = (rank(dyingAfter: 1, requests), rank(dyingAfter: nil, requests))
      for _ in 0..<4 {
        try stage.addRank { exchange in await requests.tickets.count < 3 ? dying(exchange) : lasting(exchange)
        }
      }
      try stage.publish(4)
      let (text, isComplete) = await (try await stage.post()).rest()
      #expect(text == Self.whole && isComplete)
      #expect(requests.resumed == ["", "0=1", "0=1,2", "0=1,2,3"])
    }
  }

  @Test func `moves as often as it may and no more, and its request is then kept away`() async throws {
    let requests = Requests()
    try await onStage(Stage { $0.migrationLimit = 2 }) { stage in
      for _ in 0..<2 { try stage.addRank(rank(dyingAfter: 1, requests)) }
      try stage.publish(2)
      let (text, isComplete) = await (try await stage.post()).rest()
      let delivered = Self.texts.prefix(3).map { "data: {\"t\":\"\($0)\"}\n\n" }.joined()
      #expect(text.hasPrefix(delivered + "data: {\"error\"") && !isComplete)
      #expect(requests.resumed == ["", "0=1", "0=1,2"])
      #expect(stage.service.metrics.stats.value(.migrations) == 2)
      let again = try await stage.post()
      #expect(again.head.status == 500 && again.head["x-should-retry"] == "false")
      #expect(requests.tickets.count == 3)
      #expect(try await stage.post(#"{"messages":["other"]}"#).head.status == 200)
    }
  }

  @Test func `before its first byte is kept away too when rank after rank breaks on it`() async throws {
    try await onStage(Stage()) { stage in
      var calls = 0
      try stage.addRank { exchange in
        calls += 1
        exchange.abort()
      }
      try stage.publish(1)
      #expect(try await stage.post().head.status == 502)
      #expect(calls == 4)
      let again = try await stage.post()
      #expect(again.head.status == 500 && again.head["x-should-retry"] == "false" && calls == 4)
    }
  }

  @Test func `because nobody was there is not its request's fault`() async throws {
    try await onStage(Stage()) { stage in
      try stage.publish(1)
      for _ in 0..<2 {
        let answer = try await stage.post()
        #expect(answer.head.status == 503 && answer.head["retry-after"] == "1")
      }
    }
  }

  @Test func `waits for a group that is gone to come back`() async throws {
    let requests = Requests()
    try await onStage(Stage()) { stage in
      let death = Signal()
      try stage.addRank { exchange in
        await exchange.stream(Array(Self.texts.prefix(2)), done: false)
        _ = await death.wait(until: .after(Stage.patience))
        exchange.abort()
      }
      try stage.publish(1)
      let answer = try await stage.post()
      try stage.publish(0)
      death.fire()
      try stage.addRank(rank(dyingAfter: nil, requests))
      await eventually { stage.service.queue.depth == 1 }
      try stage.replace(with: 1)
      #expect(await answer.rest().text == Self.whole)
    }
  }

  @Test func `of an engine that tells no tokens ends in an error event`() async throws {
    try await onStage(Stage()) { stage in
      for _ in 0..<2 {
        try stage.addRank { exchange in
          await exchange.beginStream(200, fields: [("Content-Type", "text/event-stream")])
          await exchange.write(Array("data: {}\n\n".utf8))
          exchange.abort()
        }
      }
      try stage.publish(2)
      let (text, isComplete) = await (try await stage.post()).rest()
      #expect(text.hasPrefix("data: {}\n\ndata: {\"error\"") && !isComplete)
    }
  }
}

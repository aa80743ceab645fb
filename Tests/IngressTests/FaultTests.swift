import HTTP
import Platform
import Telemetry
import Testing

@testable import Ingress

@Suite @Loop struct `Faults` {
  @Test func `of half of the ranks under 32 connections fail no request`() async throws {
    try await onStage(Stage()) { stage in
      var dead: Set<Int> = []
      var served = 0
      for number in 0..<4 {
        try stage.addRank { exchange in
          _ = try? await exchange.readBody()
          await Loop.sleep(for: .milliseconds(2))
          if dead.contains(number) { return exchange.abort() }
          served += 1
          if served == 100 { dead = [0, 1] }
          await exchange.respond(200, body: Array("{}".utf8))
        }
      }
      try stage.publish(4, capacity: 16)
      let clients = (0..<32).map { _ in
        Task { @Loop in
          var statuses: [Int: Int] = [:]
          while served < 1000 { statuses[try await stage.post().head.status, default: 0] += 1 }
          return statuses
        }
      }
      var statuses: [Int: Int] = [:]
      for client in clients { statuses.merge(try await client.value, uniquingKeysWith: +) }
      #expect(statuses.keys.sorted() == [200] && served >= 1000)
      #expect(stage.service.metrics.stats.value(.retries) > 0)
      #expect((0..<4).allSatisfy { stage.inFlight($0) == 0 })
    }
  }

  @Test func `of all ranks are told at once where nobody is to wait, and are over with the first rank`()
    async throws
  {
    try await onStage(Stage { $0.maxOutageWait = .zero }) { stage in
      try stage.publish(4)
      try await isUnavailable(stage)
      try stage.publish(0)
      try await isUnavailable(stage)
      // Nothing slept on: all of it was answered as it came.
      #expect(stage.service.metrics.stats.value(.retries) == 0)
      try stage.addRank { await $0.respond(200, body: Array("{}".utf8)) }
      // Who was refused waits no more, and takes no place of the rank that comes back.
      #expect(stage.service.queue.depth == 0)
      try stage.publish(1, capacity: 1, epoch: 2)
      for _ in 0..<2 { #expect(try await stage.post().head.status == 200) }
      await eventually { stage.inFlight(0) == 0 }
    }
  }

  @Test func `of all ranks are waited for only so long, by those that have begun too`() async throws {
    try await onStage(
      Stage {
        $0.maxOutageWait = .milliseconds(50)
        $0.maxQueueWait = .milliseconds(300)
      }
    ) { stage in
      let death = Signal()
      try stage.addRank { exchange in
        await exchange.stream(["a"], done: false)
        _ = await death.wait(until: .after(Stage.patience))
        exchange.abort()
      }
      try stage.publish(1)
      let begun = try await stage.post()
      try stage.publish(0)
      death.fire()
      try await isUnavailable(stage)
      let (text, isComplete) = await begun.rest()
      #expect(text.hasPrefix("data: {\"t\":\"a\"}\n\ndata: {\"error\"") && !isComplete)
    }
  }

  private func isUnavailable(_ stage: Stage) async throws {
    let answer = try await stage.post()
    #expect(answer.head.status == 503 && answer.head["retry-after"] == "1")
    #expect(answer.head["content-type"] == "application/json")
    #expect(await answer.rest().text.hasPrefix(#"{"error":{"message":"No rank "#))
  }

  @Test func `of a crowd leave eight of forty streams running, and refuse who finds no place in the queue`()
    async throws
  {
    try await onStage(
      Stage {
        $0.maxOngoingRequests = 8
        $0.maxQueuedRequests = 20
      }
    ) { stage in
      var running = 0
      var most = 0
      let go = Signal()
      for _ in 0..<2 {
        try stage.addRank { exchange in
          running += 1
          most = max(most, running)
          await exchange.stream(["a"], done: false)
          _ = await go.wait(until: .after(Stage.patience))
          await exchange.write(Array("data: [DONE]\n\n".utf8))
          running -= 1
          await exchange.endStream()
        }
      }
      try stage.publish(2, capacity: 16)
      var streams: [Task<(Int, Bool), any Error>] = []
      for index in 0..<28 {
        streams.append(
          Task { @Loop in
            let answer = try await stage.post()
            return (answer.head.status, await answer.rest().text.hasSuffix("[DONE]\n\n"))
          })
        await eventually {
          running == min(index + 1, 8) && stage.service.queue.depth == max(0, index - 7)
        }
      }
      for _ in 28..<40 { #expect(try await stage.post().head.status == 503) }
      go.fire()
      for stream in streams {
        let (status, isWhole) = try await stream.value
        #expect(status == 200 && isWhole)
      }
      #expect(most == 8)
    }
  }
}

import HTTP
import Platform
import Telemetry
import Testing

@testable import Ingress

@Suite @Loop struct `The admission queue` {
  /// A rank that answers each request when the test lets it, in the order in which they came.
  @Loop private final class Gate {
    var order: [String] = []
    private var held: [Signal] = []

    func hold(_ exchange: HTTPExchange) async {
      let body = (try? await exchange.readBody()) ?? []
      order.append(String(decoding: body, as: UTF8.self))
      let signal = Signal()
      held.append(signal)
      _ = await signal.wait(until: .after(Stage.patience))
      await exchange.respond(200, body: Array("{}".utf8))
    }

    func releaseOne() { if !held.isEmpty { held.removeFirst().fire() } }
  }

  private func send(_ stage: Stage, _ body: String) -> Task<Int, any Error> {
    Task { try await stage.post(body).head.status }
  }

  @Test func `lets requests in as places come free, first come first served`() async throws {
    try await onStage(Stage()) { stage in
      let gate = Gate()
      try stage.addRank { await gate.hold($0) }
      try stage.publish(1, capacity: 1)
      var sent: [Task<Int, any Error>] = []
      for index in 0..<4 {
        sent.append(send(stage, #"{"n":\#(index)}"#))
        await eventually { stage.service.activeCount == index + 1 }
        await eventually { gate.order.count == 1 && stage.service.queue.depth == index }
      }
      #expect(stage.service.metrics.stats.value(.queueDepth) == 3)
      #expect(stage.service.metrics.stats.value(.inFlight) == 1)
      for index in 1...4 {
        gate.releaseOne()
        await eventually { gate.order.count == min(index + 1, 4) }
      }
      for task in sent { #expect(try await task.value == 200) }
      #expect(gate.order == (0..<4).map { #"{"n":\#($0)}"# })
      #expect(stage.service.metrics.queueWait.count == 4)
    }
  }

  @Test func `holds requests while no rank serves, and sends them when one does`() async throws {
    try await onStage(Stage()) { stage in
      try stage.addRank { exchange in
        _ = try? await exchange.readBody()
        await exchange.respond(200, body: Array("{}".utf8))
      }
      let sent = send(stage, "{}")
      await eventually { stage.service.queue.depth == 1 }
      try stage.publish(1)
      #expect(try await sent.value == 200)
    }
  }

  @Test func `refuses with 503 and a time to come back when it is full`() async throws {
    try await onStage(Stage { $0.maxQueuedRequests = 1 }) { stage in
      let first = send(stage, "{}")
      await eventually { stage.service.queue.depth == 1 }
      let answer = try await stage.post()
      #expect(answer.head.status == 503)
      #expect(Int(answer.head["retry-after"] ?? "") == 60)
      #expect(stage.service.metrics.stats.value(.queueFull) == 1)
      stage.service.interruptAll()
      #expect(try await first.value == 503)
    }
  }

  @Test func `refuses with 503 who has waited too long`() async throws {
    try await onStage(Stage { $0.maxQueueWait = .milliseconds(50) }) { stage in
      let answer = try await stage.post()
      #expect(answer.head.status == 503 && answer.head["retry-after"] != nil)
      #expect(stage.service.metrics.stats.value(.queueTimeouts) == 1 && stage.service.queue.depth == 0)
    }
  }

  @Test func `forgets who leaves while waiting`() async throws {
    try await onStage(Stage()) { stage in
      let cancellation = HTTPCancellation()
      let waiting = Task {
        try? await stage.client.send(
          "POST", head: HeadWriter(method: "POST", target: "/v1/completions", host: "x"),
          body: Array("{}".utf8), cancellation: cancellation, until: .after(Stage.patience))
      }
      await eventually { stage.service.queue.depth == 1 }
      cancellation.cancel()
      await eventually { stage.service.queue.depth == 0 }
      _ = await waiting.value
      await eventually { stage.service.metrics.requestsByStatus == [499: 1] }
    }
  }

  @Test func `does not let a request for a full rank hold up the others`() async throws {
    try await onStage(Stage()) { stage in
      let gates = [Gate(), Gate()]
      for gate in gates { try stage.addRank { await gate.hold($0) } }
      try stage.publish(2, capacity: 1)
      func pin(_ rank: Int) -> Task<Int, any Error> {
        Task { try await stage.post(fields: [("X-Data-Parallel-Rank", "\(rank)")]).head.status }
      }
      let first = pin(0)
      await eventually { gates[0].order.count == 1 }
      let second = pin(0)
      await eventually { stage.service.queue.depth == 1 }
      let third = send(stage, "{}")
      await eventually { gates[1].order.count == 1 }
      for gate in gates { gate.releaseOne() }
      await eventually { gates[0].order.count == 2 }
      gates[0].releaseOne()
      for task in [first, second, third] { #expect(try await task.value == 200) }
    }
  }

  @Test func `keeps one limit over all replicas, in the order of arrival`() async throws {
    let adjust: (inout IngressOptions) -> Void = {
      $0.maxOngoingRequests = 8
      $0.maxQueuedRequests = 20
    }
    try await onStage(Stage(adjust)) { first in
      var stages = [first]
      for replica in 1..<4 { stages.append(try Stage(adjust, replica: replica, beside: first)) }
      let gate = Gate()
      for _ in 0..<2 { try first.addRank { await gate.hold($0) } }
      for stage in stages { try stage.publish(2, capacity: 16) }
      var sent: [Task<Int, any Error>] = []
      for index in 0..<28 {
        sent.append(send(stages[index < 8 ? 0 : 3 - index % 4], #"{"n":\#(index)}"#))
        await eventually {
          gate.order.count == min(index + 1, 8)
            && stages.reduce(0) { $0 + $1.service.queue.depth } == max(0, index - 7)
        }
      }
      for index in 28..<40 { #expect(try await send(stages[index % 4], "{}").value == 503) }
      #expect(gate.order.count == 8)
      for index in 1...28 {
        gate.releaseOne()
        await eventually { gate.order.count == min(index + 8, 28) }
      }
      for task in sent { #expect(try await task.value == 200) }
      #expect(gate.order == (0..<28).map { #"{"n":\#($0)}"# })
      for stage in stages.dropFirst() { await stage.end() }
    }
  }

  @Test func `gives a dead replica's places to those that wait elsewhere`() async throws {
    let adjust: (inout IngressOptions) -> Void = { $0.maxOngoingRequests = 1 }
    try await onStage(Stage(adjust)) { first in
      let second = try Stage(adjust, replica: 1, beside: first)
      let gate = Gate()
      try first.addRank { await gate.hold($0) }
      for stage in [first, second] { try stage.publish(1) }
      let lost = send(second, "{}")
      await eventually { gate.order.count == 1 }
      let waiting = send(first, "{}")
      await eventually { first.service.queue.depth == 1 }
      try first.clear(replica: 1)
      await eventually { gate.order.count == 2 }
      for _ in 0..<2 { gate.releaseOne() }
      #expect(try await lost.value == 200)
      #expect(try await waiting.value == 200)
      await second.end()
    }
  }

  @Test func `goes by priority, and by turns between callers`() async throws {
    try await onStage(Stage(keys: ["one", "two"])) { stage in
      let gate = Gate()
      try stage.addRank { await gate.hold($0) }
      try stage.publish(1, capacity: 1)
      var sent: [Task<Int, any Error>] = []
      @Loop func ask(_ name: String, _ key: String, priority: Int) async {
        let body = #"{"n":"\#(name)","priority":\#(priority)}"#
        let depth = stage.service.queue.depth
        sent.append(
          Task { try await stage.post(body, fields: [("Authorization", "Bearer \(key)")]).head.status })
        let isFirst = gate.order.isEmpty
        await eventually { isFirst ? gate.order.count == 1 : stage.service.queue.depth == depth + 1 }
      }
      await ask("first", "one", priority: 0)
      for name in ["a", "b", "c"] { await ask(name, "one", priority: 0) }
      for name in ["d", "e"] { await ask(name, "two", priority: 0) }
      await ask("urgent", "one", priority: -1)
      for index in 1...7 {
        gate.releaseOne()
        await eventually { gate.order.count == min(index + 1, 7) }
      }
      for task in sent { #expect(try await task.value == 200) }
      let names = gate.order.compactMap { $0.split(separator: "\"").dropFirst(3).first.map(String.init) }
      #expect(names == ["first", "urgent", "a", "d", "b", "e", "c"])
    }
  }
}

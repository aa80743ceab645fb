import OpenAI
import Testing

@testable import Ingress

@Suite struct `The event filter` {
  private static let stream =
    ": ids 0=5,17\ndata: {\"a\":1}\n\n: keep-alive\n\n: ids 1=9\ndata: {\"a\":2}\n\ndata: [DONE]\n\n"
  private static let wanted = "data: {\"a\":1}\n\n: keep-alive\n\ndata: {\"a\":2}\n\ndata: [DONE]\n\n"

  private func run(_ pieces: [[UInt8]]) -> (text: String, tokens: Int, filter: EventFilter) {
    var filter = EventFilter()
    var bytes: [UInt8] = []
    var tokens = 0
    for piece in pieces {
      let passage = filter.add(piece)
      bytes += passage.bytes
      tokens += passage.tokens
    }
    bytes += filter.finish()
    return (String(decoding: bytes, as: UTF8.self), tokens, filter)
  }

  @Test func `takes out the ids and leaves every other byte, wherever the stream is cut`() {
    let bytes = Array(Self.stream.utf8)
    for cut in 0...bytes.count {
      let result = run([Array(bytes[..<cut]), Array(bytes[cut...])])
      #expect(result.text == Self.wanted && result.tokens == 3 && result.filter.isDone)
    }
    #expect(run(bytes.map { [$0] }).text == Self.wanted)
  }

  @Test func `passes an event on when it is complete, and counts its tokens only then`() {
    var filter = EventFilter()
    let half = filter.add(Array(": ids 0=1\ndata: x\n".utf8))
    #expect(half.bytes.isEmpty && half.tokens == 0 && filter.emitted.isEmpty && filter.canMove)
    let rest = filter.add(Array("\n".utf8))
    #expect(rest.bytes == Array("data: x\n\n".utf8) && rest.tokens == 1 && filter.emitted.text == "0=1")
  }

  @Test func `forgets half an event when another rank goes on`() {
    var filter = EventFilter()
    _ = filter.add(Array(": ids 0=1\ndata: a\n\n: ids 0=2\ndata: b".utf8))
    filter.restart()
    let passage = filter.add(Array(": ids 0=2\ndata: b\n\n".utf8))
    #expect(passage.bytes == Array("data: b\n\n".utf8) && filter.emitted.text == "0=1,2")
  }

  @Test func `keeps back the error with which a rank gives up`() {
    var filter = EventFilter()
    let event = Array("data: {\"error\":{\"message\":\"no\"}}\n\n".utf8)
    #expect(filter.add(event).bytes.isEmpty && filter.failure == event && !filter.isDone)
  }

  @Test func `keeps what looks like ids elsewhere in a line`() {
    let text = "data: : ids 1\n: idsy 2\ndata:x\n\n"
    let result = run([Array(text.utf8)])
    #expect(result.text == text && result.tokens == 0)
  }

  @Test func `passes on any bytes at all, in any pieces`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
        [0x0A, 0x3A, 0x20, 0x69, 0x64, 0x73, UInt8.random(in: 0...255)].randomElement() ?? 0
      }
      let whole = run([bytes])
      #expect(run(bytes.map { [$0] }).text == whole.text)
    }
  }
}

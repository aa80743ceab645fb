import Randomness
import Testing

@testable import HTTP

@Suite struct `Any bytes at all` {
  /// Makes requests, most of them broken in one or two places.
  private struct Maker {
    var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }

    /// A request that is right, its head and its body.
    mutating func good() -> (head: String, body: String, payload: String) {
      let payload = String(
        (0..<Int.random(in: 0...40, using: &random)).map { _ in
          "abc\r\n:;0".randomElement(using: &random) ?? "a"
        })
      let start = pick(["GET /", "POST /v1/completions?x=1", "PUT http://h/a%2Fb", "OPTIONS *", "HEAD /x"])
      var head =
        "\(start) HTTP/1.1\r\nHost: x\r\n" + pick(["", "X-A:b\r\n", "Accept: */*\r\nX-B:  c \t\r\n"])
      guard Bool.random(using: &random) else {
        head += "content-length: \(payload.utf8.count)\r\n\r\n"
        return (head, payload, payload)
      }
      head += "Transfer-Encoding: chunked\r\n\r\n"
      return (head, chunked(payload), payload)
    }

    private mutating func chunked(_ payload: String) -> String {
      var (rest, body) = (payload.utf8[...], "")
      while !rest.isEmpty {
        let part = rest.prefix(Int.random(in: 1...9, using: &random))
        body += String(part.count, radix: 16, uppercase: .random(using: &random)) + pick(["", ";a=b", " ;c"])
        body += "\r\n" + String(decoding: part, as: UTF8.self) + "\r\n"
        rest = rest.dropFirst(part.count)
      }
      return body + "0\r\n" + pick(["", "X-T: 1\r\n"]) + "\r\n"
    }

    /// A right request with bytes changed, taken out, doubled or put in.
    mutating func broken() -> [UInt8] {
      let (head, body, _) = good()
      var bytes = Array((head + body).utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[place], at: place)
        case 3:
          bytes.insert(
            contentsOf: Array(pick(["\r", "\n", " ", "\0", "Content-Length: 1\r\n", "\r\n\r\n", ":"]).utf8),
            at: place)
        default: bytes.removeLast(bytes.count - place)
        }
      }
      return bytes
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `that are a right request are read as what they say, however they arrive`(seed: UInt64) {
    var maker = Maker(seed: seed)
    for round in 0..<1500 {
      let (head, body, payload) = maker.good()
      let bytes = Array((head + body).utf8)
      let reading = RequestReading(bytes + Array("GET / HT".utf8), piece: 1)
      guard case .whole(_, _, let read) = reading.outcome else {
        Issue.record("seed \(seed), round \(round): \(reading.outcome) of \(head)\(body)")
        return
      }
      #expect(read == Array(payload.utf8) && reading.used == bytes.count, "seed \(seed), round \(round)")
    }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `are read the same in any pieces, and never past their end`(seed: UInt64) {
    var maker = Maker(seed: seed)
    for round in 0..<1500 {
      let bytes = maker.broken()
      let whole = RequestReading(bytes, piece: bytes.count)
      for piece in [1, 2, 7] {
        #expect(RequestReading(bytes, piece: piece) == whole, "seed \(seed), round \(round), piece \(piece)")
      }
      #expect(whole.used <= bytes.count)
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `are refused when they could mean two things`(seed: UInt64) {
    var maker = Maker(seed: seed)
    for round in 0..<500 {
      let (head, body, _) = maker.good()
      let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
      let framing = Int.random(in: 2..<(lines.count - 2), using: &maker.random)
      var wrong = lines.map(String.init)
      switch Int.random(in: 0...6, using: &maker.random) {
      case 0: wrong.insert("Content-Length: 3", at: framing)
      case 1: wrong[framing] = " " + wrong[framing]
      case 2: wrong[framing] = wrong[framing].replacing(":", with: " :", maxReplacements: 1)
      case 3: wrong.insert("Transfer-Encoding: chunked", at: framing)
      case 4: wrong[framing] += "\n" + "X: y"
      case 5: wrong[framing] += "\rX: y"
      default: wrong.insert("Host: other", at: framing)
      }
      let bytes = Array((wrong.joined(separator: "\r\n") + body).utf8)
      let outcome = RequestReading(bytes, piece: 5).outcome
      guard case .refused(let status) = outcome, status >= 400 else {
        // One declaration of chunks more than none is right.
        if wrong.count(where: { $0.lowercased().hasPrefix("transfer-encoding") }) == 1,
          !wrong.contains(where: { $0.hasPrefix("content-length") })
        {
          continue
        }
        Issue.record("seed \(seed), round \(round): \(outcome) of \(wrong)")
        continue
      }
    }
  }
}

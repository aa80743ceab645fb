import Randomness
import Testing
import Tokenizer

@Suite struct `Streaming text` {
  @Test func `joins to the text of all bytes, however they are cut`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    let tokenizer = try Fixtures.toyTokenizer()
    let alphabet = Array("abc \n'éß世界🙂\u{301}\u{0}".unicodeScalars)
    for _ in 0..<300 {
      var bytes = Array(
        String(String.UnicodeScalarView((0..<20).map { _ in alphabet.randomElement(using: &random) ?? "a" }))
          .utf8)
      if Bool.random(using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0x80...0xFF)
      }
      var stream = StreamingDetokenizer()
      var text = ""
      var rest = bytes[...]
      while !rest.isEmpty {
        let cut = rest.prefix(Int.random(in: 1...3, using: &random))
        text += stream.append(cut)
        rest = rest.dropFirst(cut.count)
      }
      text += stream.finish()
      #expect(text == String(decoding: bytes, as: UTF8.self), "seed \(seed)")
      if String(validating: bytes, as: UTF8.self) != nil {
        #expect(tokenizer.decode(tokenizer.encode(text, specialTokens: .asText)) == text, "seed \(seed)")
      }
    }
  }

  @Test func `gives out a character only when it is whole`() {
    var stream = StreamingDetokenizer()
    #expect(stream.append([0x61, 0xF0, 0x9F]) == "a")
    #expect(stream.append([0x99]) == "")
    #expect(stream.append([0x82, 0x62]) == "🙂b")
    #expect(stream.append([0xE4, 0xB8]) == "")
    #expect(stream.finish() == "\u{FFFD}")
    #expect(stream.append([0xC0]) == "\u{FFFD}")
    #expect(stream.append([0xED, 0xA0]) == "\u{FFFD}\u{FFFD}")
  }
}

@Suite struct `Stop strings` {
  @Test func `hold back only what may become one`() {
    var matcher = StopMatcher(["END", "\n\n"])
    #expect(matcher.append("text E") == .text("text "))
    #expect(matcher.append("N") == .text(""))
    #expect(matcher.append("E") == .text("EN"))
    #expect(matcher.append("ND and more") == .stopped("", stop: "END"))
    matcher = StopMatcher(["END"])
    #expect(matcher.append("abEN") == .text("ab"))
    #expect(matcher.finish() == "EN")
  }

  @Test func `stop at the earliest one, with or without it`() {
    var matcher = StopMatcher(["later", "first"])
    #expect(matcher.append("a first later") == .stopped("a ", stop: "first"))
    matcher = StopMatcher(["later", "first"], includesStop: true)
    #expect(matcher.append("a first later") == .stopped("a first", stop: "first"))
    matcher = StopMatcher(["", "é"])
    #expect(matcher.append("caf") == .text("caf"))
    #expect(matcher.append("é!") == .stopped("", stop: "é"))
  }

  @Test func `find in pieces what they find in the whole`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    for _ in 0..<500 {
      let text = String((0..<30).map { _ in "aabbé".randomElement(using: &random) ?? "a" })
      let stops = ["abb", "ééa", "bbab"]
      var whole = StopMatcher(stops)
      var expected = ""
      var expectedStop: String?
      switch whole.append(text) {
      case .text(let head): expected = head + whole.finish()
      case .stopped(let head, let stop): (expected, expectedStop) = (head, stop)
      }
      var matcher = StopMatcher(stops)
      var joined = ""
      var stopped: String?
      for character in text where stopped == nil {
        switch matcher.append(String(character)) {
        case .text(let piece): joined += piece
        case .stopped(let piece, let stop): (joined, stopped) = (joined + piece, stop)
        }
      }
      if stopped == nil { joined += matcher.finish() }
      #expect(stopped == expectedStop && joined == expected, "seed \(seed), \(text)")
    }
  }
}

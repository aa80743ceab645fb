import Console
import ControlAPI
import Glibc
import Terminal
import Testing

/// Bytes as a terminal, or something that is none, may send them; `FUZZ_EVENTS=1000000` tries harder.
@Suite struct `Anything a terminal can send` {
  private static let events = getenv("FUZZ_EVENTS").flatMap { Int(String(cString: $0)) } ?? 20_000

  private static let pieces: [[UInt8]] = [
    "\u{1b}", "\u{1b}[", "\u{1b}[<0;10;5M", "\u{1b}[<0;70;12M", "\u{1b}[<64;3;3M", "\u{1b}OP", "1;5", "A",
    "~",
    "\u{1b}[200~", "\u{1b}[201~", "\u{1b}[A", "\u{1b}[B", "\u{1b}[D", "\u{1b}[6~", "\r", "\t", "\u{7f}", "é",
    "漢",
    ":rep dp1\r", "/kv>4 & wait<9\r", "&warn\r", ":scale ingress 2\r", "\u{1b}[F", "?", " ",
  ].map { Array($0.utf8) }

  @Test func `is decoded, acted upon and drawn at any size without a fault`() {
    var random = Noise(state: 42)
    var decoder = InputDecoder()
    var state = Fixture.state(width: 80, height: 24)
    _ = state.update(.insight(application: "moe", .success(Fixture.insight)), at: Fixture.now)
    var seen = 0
    while seen < Self.events {
      let bytes = (0..<50).flatMap { _ in
        random.below(3) == 0 ? [UInt8(random.below(256))] : Self.pieces[random.below(Self.pieces.count)]
      }
      let inputs = decoder.decode(bytes) + decoder.flush()
      for input in inputs { _ = state.update(.input(input), at: state.now + 0.01) }
      seen += inputs.count
      if random.below(8) == 0 {
        _ = state.update(.resized(width: random.below(260), height: random.below(90)), at: state.now)
        let glyphs: GlyphSet = random.below(2) == 0 ? .braille : .ascii
        let frame = ConsoleRenderer.render(state, theme: .monochrome, glyphs: glyphs)
        #expect(frame.width == state.width && frame.height == state.height)
      }
      if random.below(16) == 0 {
        _ = state.update(.snapshot(Fixture.snapshot(sequence: 120 + seen)), at: state.now + 1)
        _ = state.update(.logs(LogPage(lines: Fixture.newLogs, cursor: "9")), at: state.now)
      }
    }
  }

  /// Knuth's linear congruential generator: the same noise each time.
  private struct Noise {
    var state: UInt64
    mutating func below(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(limit))
    }
  }
}

@Suite struct `A recording for tests` {
  /// `UPDATE_GOLDEN=1 swift test` writes it anew.
  @Test func `is what the fixture says, and can be looked at`() throws {
    let folder =
      "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/console"
    let path = folder + "/moe.jsonl"
    let text = Fixture.recording
    if getenv("UPDATE_GOLDEN") != nil {
      mkdir(folder, 0o755)
      let file = try #require(fopen(path, "w"))
      fputs(text, file)
      fclose(file)
    }
    let file = try #require(fopen(path, "r"), "\(path) is missing; UPDATE_GOLDEN=1 writes it")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 21)
    let count = fread(&bytes, 1, bytes.count, file)
    #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == text)
  }
}

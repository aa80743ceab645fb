import Console
import ControlAPI
import Glibc
import Terminal
import Testing

/// Bytes as a terminal, or something that is none, may send them, and statuses as nobody expects them.
///
/// `FUZZ_EVENTS=1000000` tries harder; `FUZZ_SEED` begins with the seed that a failure, or a crash, has named.
@Suite struct `Anything a terminal can send` {
  private static let events = number("FUZZ_EVENTS") ?? 20_000
  private static let eventsOfSeed = 1000

  private static let pieces: [[UInt8]] = [
    "\u{1b}", "\u{1b}[", "\u{1b}[<0;10;5M", "\u{1b}[<0;70;12M", "\u{1b}[<64;3;3M", "\u{1b}OP", "1;5", "A",
    "~",
    "\u{1b}[200~", "\u{1b}[201~", "\u{1b}[A", "\u{1b}[B", "\u{1b}[D", "\u{1b}[6~", "\r", "\t", "\u{7f}", "é",
    "漢",
    ":rep dp1\r", "/kv>4 & wait<9\r", "&warn\r", ":scale ingress 2\r", ":window 5m\r", "\u{1b}[F", "?", " ",
  ].map { Array($0.utf8) }

  @Test func `is decoded, acted upon and drawn at any size without a fault`() {
    let first = UInt64(Self.number("FUZZ_SEED") ?? 42)
    for seed in first..<first + UInt64(max(1, Self.events / Self.eventsOfSeed)) {
      LastWords.set("FUZZ_SEED=\(seed) crashed\n")
      play(seed)
    }
    LastWords.set("")
  }

  /// A session of its own, so that a seed alone repeats it.
  private func play(_ seed: UInt64) {
    var random = Noise(state: seed)
    var decoder = InputDecoder()
    var state = Fixture.state(width: 80, height: 24)
    _ = state.update(.insight(application: "moe", .success(Fixture.insight)), at: Fixture.now)
    var seen = 0
    while seen < Self.eventsOfSeed {
      let bytes = (0..<50).flatMap { _ in
        random.below(3) == 0 ? [UInt8(random.below(256))] : Self.pieces[random.below(Self.pieces.count)]
      }
      let inputs = decoder.decode(bytes) + decoder.flush()
      for input in inputs { _ = state.update(.input(input), at: state.now + 0.01) }
      seen += inputs.count
      if random.below(4) == 0 {
        _ = state.update(.resized(width: random.below(260), height: random.below(90)), at: state.now)
        let glyphs: GlyphSet = random.below(2) == 0 ? .braille : .ascii
        let frame = ConsoleRenderer.render(state, theme: .monochrome, glyphs: glyphs)
        #expect(frame.width == state.width && frame.height == state.height, "FUZZ_SEED=\(seed)")
      }
      if random.below(8) == 0 {
        _ = state.update(.snapshot(odd(Fixture.snapshot(sequence: 120 + seen), &random)), at: state.now + 1)
        _ = state.update(.logs(LogPage(lines: Fixture.newLogs, cursor: "9")), at: state.now)
      }
    }
  }

  private static let texts = [
    "", " ", "漢字仮名", "e\u{301}\u{302}", "👩‍👩‍👧‍👦", "\u{1b}[2J\u{7}\n\t", "\u{202e}rtl",
    String(repeating: "wide漢", count: 60),
  ]
  private static let values: [Double] = [0, -1, 1e-300, 1e18, 1e300, .infinity, -.infinity, .nan]

  /// A snapshot in which some things are as no controller should send them.
  private func odd(_ snapshot: Snapshot, _ random: inout Noise) -> Snapshot {
    var snapshot = snapshot
    func text() -> String { Self.texts[random.below(Self.texts.count)] }
    func value() -> Known<Double> { .known(Self.values[random.below(Self.values.count)]) }
    func maybe(_ change: () -> Void) { if random.below(6) == 0 { change() } }
    for index in snapshot.status.applications.indices {
      maybe { snapshot.status.applications[index].message = text() }
      maybe { snapshot.status.applications[index].metrics.requestsPerSecond = value() }
      maybe { snapshot.status.applications[index].metrics.ttftSeconds.p99 = value() }
      maybe { snapshot.status.applications[index].metrics.windowSeconds = value().value ?? 0 }
      maybe {
        snapshot.status.applications[index].metrics.queueDepth = .known(random.below(2) == 0 ? .max : .min)
      }
      maybe { snapshot.status.applications[index].hints[0].title = text() }
      maybe { snapshot.status.applications[index].deployments[random.below(2)].replicas = [] }
      for deployment in snapshot.status.applications[index].deployments.indices {
        for replica in snapshot.status.applications[index].deployments[deployment].replicas.indices {
          var changed = snapshot.status.applications[index].deployments[deployment].replicas[replica]
          maybe { changed.node = text() }
          maybe { changed.kvUsageRatio = value() }
          maybe { changed.gpuUtilizationRatio = value() }
          maybe { changed.ttftP50Seconds = value() }
          maybe { changed.rssBytes = .known(.max) }
          snapshot.status.applications[index].deployments[deployment].replicas[replica] = changed
        }
      }
    }
    maybe { snapshot.history["moe"]?[0].ttftP50Seconds = value().value }
    maybe { snapshot.events[0].message = text() }
    maybe { snapshot.status.applications = [] }
    return snapshot
  }

  private static func number(_ variable: String) -> Int? {
    getenv(variable).flatMap { Int(String(cString: $0)) }
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

/// What the process says when it crashes, which no test can catch.
private enum LastWords {
  nonisolated(unsafe) private static let words = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64)
  nonisolated(unsafe) private static var length = 0

  static func set(_ text: String) {
    for number in [SIGILL, SIGTRAP, SIGSEGV] {
      signal(number) { number in
        write(STDERR_FILENO, LastWords.words.baseAddress, LastWords.length)
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    length = words.update(fromContentsOf: Array(text.utf8.prefix(words.count)))
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

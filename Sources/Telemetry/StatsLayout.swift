/// The byte layout of a role's page: a header, then counters, gauges and sketches, all of eight-byte words.
struct StatsLayout: Equatable {
  /// `DPSTATS` and a byte that is no text.
  static let magic: UInt64 = 0x5354_4154_5350_4401
  static let version: UInt64 = 1

  /// Words of the header, by index.
  enum Word: Int, CaseIterable {
    case magic, version, role, fingerprint, byteCount, pid, startTime, heartbeat, phase, progress
  }

  /// The first of the header's words that say when the writer came to each phase; older writers leave them 0.
  static let firstEntry = Word.allCases.count
  static let headerWords = 32

  let counterCount: Int
  let gaugeCount: Int
  let sketchCount: Int
  let role: UInt64
  /// A hash of all slots' names, so that builds whose slots differ never misread each other.
  let fingerprint: UInt64

  init<Role: StatsRole>(_ role: Role.Type) {
    counterCount = Role.Counter.allCases.count
    gaugeCount = Role.Gauge.allCases.count
    sketchCount = Role.Sketch.allCases.count
    self.role = UInt64(Role.number)
    let names =
      Role.Counter.allCases.map { "\($0)" } + ["|"] + Role.Gauge.allCases.map { "\($0)" } + ["|"]
      + Role.Sketch.allCases.map { "\($0)" }
    fingerprint = Self.hash(names.joined(separator: ","))
  }

  var firstGauge: Int { Self.headerWords + counterCount }
  var firstSketch: Int { firstGauge + gaugeCount }
  /// A sketch is its sum, then its buckets.
  static let sketchWords = 1 + SketchScale.bucketCount
  var wordCount: Int { firstSketch + sketchCount * Self.sketchWords }
  var byteCount: Int { wordCount * 8 }

  /// FNV-1a.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

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
  /// The first of the header's words that stamp each sketch: which of its buckets are in use, and how many values.
  ///
  /// A reader looks at no other buckets, and at none while the word is the same. Older writers leave them 0.
  static let firstStamp = firstEntry + StatsPhase.allCases.count
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
    precondition(
      Self.firstStamp + sketchCount <= Self.headerWords, "a role has more sketches than the header")
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

  /// The stamp of a sketch without values.
  static let emptyStamp = UInt64.max

  /// The stamp of a sketch after one more value, which is in `bucket`.
  static func stamp(after stamp: UInt64, adding bucket: Int) -> UInt64 {
    guard stamp != emptyStamp else { return self.stamp(bucket..<bucket + 1, count: 1) }
    let known = buckets(stamp)
    let wide = min(known.lowerBound, bucket)..<max(known.upperBound, bucket + 1)
    return self.stamp(wide, count: UInt32(truncatingIfNeeded: stamp) &+ 1)
  }

  private static func stamp(_ buckets: Range<Int>, count: UInt32) -> UInt64 {
    UInt64(buckets.lowerBound) << 48 | UInt64(buckets.upperBound) << 32 | UInt64(count)
  }

  /// The buckets that may be in use, by the stamp; it is another process that wrote it.
  static func buckets(_ stamp: UInt64) -> Range<Int> {
    guard stamp != emptyStamp else { return 0..<0 }
    let (first, end) = (Int(stamp >> 48), Int(stamp >> 32 & 0xFFFF))
    return first < end && end <= SketchScale.bucketCount ? first..<end : 0..<SketchScale.bucketCount
  }

  /// FNV-1a.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

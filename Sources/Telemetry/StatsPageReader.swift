import Glibc

/// What a stats page held at one moment.
public struct StatsSnapshot<Role: StatsRole>: Sendable {
  /// The writer's process id.
  public let pid: Int32
  /// When the page was made, in nanoseconds since 1970.
  public let startTimeNanoseconds: UInt64
  /// The writer's last sign of life, in nanoseconds of the monotonic clock.
  public let heartbeatNanoseconds: UInt64
  /// The phase of the start; nil when a newer writer knows phases that this build does not.
  public let phase: StatsPhase?
  /// How much of the phase is done, 0...1.
  public let progress: Double
  let counters: [Int64]
  let gauges: [Double]
  let sketches: [QuantileSketch]

  /// A counter's value.
  public subscript(_ slot: Role.Counter) -> Int64 { counters[slot.rawValue] }
  /// A gauge's value.
  public subscript(_ slot: Role.Gauge) -> Double { gauges[slot.rawValue] }
  /// A distribution since the page was made.
  public subscript(_ slot: Role.Sketch) -> QuantileSketch { sketches[slot.rawValue] }
}

/// The reading side of a stats page.
public final class StatsPageReader<Role: StatsRole>: Sendable {
  /// The page's file.
  public let path: String
  let layout: StatsLayout
  let mapping: StatsMapping

  /// Maps the page at `path` for reading.
  ///
  /// - Throws: when there is none (yet), or one of another kind, role or build.
  public init(path: String, role: Role.Type = Role.self) throws(StatsPageError) {
    self.path = path
    layout = StatsLayout(Role.self)
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw .system("open", path) }
    defer { close(fd) }
    var status = stat()
    guard fstat(fd, &status) == 0 else { throw .system("fstat", path) }
    guard status.st_size >= StatsLayout.headerWords * 8 else {
      throw StatsPageError(path: path, problem: "too short for a stats page (\(status.st_size) bytes)")
    }
    // Only as much as the file has is mapped: touching more would be a bus error.
    let size = min(Int(status.st_size), layout.byteCount)
    mapping = try StatsMapping(fd, byteCount: size, writable: false, path: path)
    if let problem = Self.problem(mapping, layout, fileSize: Int(status.st_size)) {
      throw StatsPageError(path: path, problem: problem)
    }
  }

  private static func problem(_ mapping: StatsMapping, _ layout: StatsLayout, fileSize: Int) -> String? {
    func word(_ word: StatsLayout.Word) -> UInt64 { mapping.load(word.rawValue) }
    if word(.magic) != StatsLayout.magic { return "not a stats page" }
    if word(.version) != StatsLayout.version {
      return
        "layout version \(word(.version)), this build reads \(StatsLayout.version); restart the older process"
    }
    if word(.role) != layout.role { return "belongs to another role (\(word(.role))), not to a \(Role.name)" }
    if word(.fingerprint) != layout.fingerprint || word(.byteCount) != UInt64(layout.byteCount) {
      return "was written by another build, whose slots differ; restart that process"
    }
    return fileSize < layout.byteCount ? "truncated to \(fileSize) of \(layout.byteCount) bytes" : nil
  }

  /// The page's present content; each slot is whole, but slots may be some operations apart.
  public func snapshot() -> StatsSnapshot<Role> {
    StatsSnapshot(
      pid: Int32(truncatingIfNeeded: word(.pid)), startTimeNanoseconds: word(.startTime),
      heartbeatNanoseconds: word(.heartbeat),
      phase: StatsPhase(rawValue: Int(truncatingIfNeeded: word(.phase))),
      progress: Double(bitPattern: word(.progress)),
      counters: (0..<layout.counterCount).map {
        Int64(bitPattern: mapping.load(StatsLayout.headerWords + $0))
      },
      gauges: (0..<layout.gaugeCount).map { Double(bitPattern: mapping.load(layout.firstGauge + $0)) },
      sketches: (0..<layout.sketchCount).map(sketch))
  }

  func sketch(_ index: Int) -> QuantileSketch {
    let base = layout.firstSketch + index * StatsLayout.sketchWords
    var counts: [Int64] = []
    var first = 0
    for bucket in StatsLayout.buckets(mapping.published(StatsLayout.firstStamp + index)) {
      let count = Int64(bitPattern: mapping.load(base + 1 + bucket))
      if count == 0 && counts.isEmpty { continue }
      if counts.isEmpty { first = bucket }
      counts.append(count)
    }
    while counts.last == 0 { counts.removeLast() }
    guard !counts.isEmpty else { return QuantileSketch() }
    return QuantileSketch(firstIndex: first, counts: counts, sum: Double(bitPattern: mapping.load(base)))
  }

  func word(_ word: StatsLayout.Word) -> UInt64 { mapping.load(word.rawValue) }
}

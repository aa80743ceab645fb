import Platform
import Supervision
import Telemetry

/// The readings of one process, taken once a second: from its stats page and from `/proc`.
@Loop
final class ProcessMeter<Role: StatsRole> {
  /// Readings older than this are not counted.
  static var staleAfter: Double { 3 }
  /// So many seconds are looked back.
  static var window: Double { 10 }

  /// So many seconds of processor time are looked back: one second alone flickers.
  private static var usageWindow: Int { 5 }

  private(set) var page: StatsPageReader<Role>?
  private(set) var cpuRatio: Double?
  private(set) var residentBytes: Int?
  /// What each counter gained in the last second.
  private(set) var deltas: [Int64] = []
  /// The length of that second; nil before the second reading.
  private(set) var interval: Double?

  private let pagePath: String
  private let probe: UsageProbe?
  private var usages = Ring<(seconds: Double, at: Double)>(capacity: ProcessMeter.usageWindow + 1)
  private var counters: [Int64] = []
  private var lastReading = 0.0
  private var counterWindows: [CounterWindow]
  private let watched: [Role.Sketch]
  private var sketches: [Int: QuantileSketch] = [:]
  private var sketchWindows: [Int: SketchWindow] = [:]
  private var sketchDeltas: [Int: QuantileSketch] = [:]

  /// Reads the page at `pagePath` once it is there; of its distributions only `watched`.
  ///
  /// The process is new: whatever its page holds at the first reading came after `start`, so nothing is lost.
  init(pid: Int32, pagePath: String, watched: [Role.Sketch], start: Double) {
    self.pagePath = pagePath
    self.watched = watched
    probe = UsageProbe(pid: pid)
    counterWindows = []
    rebase(at: start)
  }

  /// Takes what the page holds now for the beginning, so that a first completion of ours is not counted.
  func rebase(at now: Double) {
    let present = Role.Counter.allCases.map { page?[$0] ?? 0 }
    counterWindows = present.map { value in
      var window = CounterWindow(capacity: Int(Self.window) + 2)
      window.append(value, at: now)
      return window
    }
    for slot in watched {
      let sketch = page?[slot] ?? QuantileSketch()
      sketches[slot.rawValue] = sketch
      sketchWindows[slot.rawValue] = SketchWindow(capacity: Int(Self.window) + 2)
      sketchWindows[slot.rawValue]?.append(sketch, at: now)
    }
    (counters, lastReading, interval) = (present, now, nil)
  }

  /// The page, opened when it has come to be.
  @discardableResult
  func openPage() -> StatsPageReader<Role>? {
    if page == nil { page = try? StatsPageReader(path: pagePath) }
    return page
  }

  /// Begins with a process that has run for long: what its page holds already came before us.
  func join(at now: Double) {
    openPage()
    rebase(at: now)
  }

  /// Takes a reading at `now`, in seconds of the monotonic clock.
  func read(at now: Double) {
    readUsage(at: now)
    guard let page = openPage() else { return }
    let present = Role.Counter.allCases.map { page[$0] }
    interval = now - lastReading
    deltas = zip(counters, present).map { CounterDelta(from: $0, to: $1).value }
    let hasMoved = present != counters
    for (index, value) in present.enumerated() { counterWindows[index].append(value, at: now) }
    for slot in watched { readSketch(page, slot, hasMoved: hasMoved, at: now) }
    counters = present
    lastReading = now
  }

  private func readUsage(at now: Double) {
    guard let usage = probe?.read() else {
      (cpuRatio, residentBytes) = (nil, nil)
      return
    }
    residentBytes = usage.residentBytes
    if let first = usages.first, now > first.at {
      cpuRatio = (usage.cpuSeconds - first.seconds) / (now - first.at)
    }
    usages.append((usage.cpuSeconds, now))
  }

  /// A distribution is read only when some counter has moved: an idle process costs a few words.
  private func readSketch(
    _ page: StatsPageReader<Role>, _ slot: Role.Sketch, hasMoved: Bool, at now: Double
  ) {
    let before = sketches[slot.rawValue] ?? QuantileSketch()
    let present = hasMoved ? page[slot] : before
    sketchDeltas[slot.rawValue] = hasMoved ? present.since(before) : QuantileSketch()
    sketchWindows[slot.rawValue]?.append(present, at: now)
    sketches[slot.rawValue] = present
  }

  /// The age of the writer's last sign of life, in seconds; nil before the first.
  func age(at now: Double) -> Double? {
    guard let page, page.heartbeatNanoseconds > 0 else { return nil }
    return max(0, now - Double(page.heartbeatNanoseconds) * 1e-9)
  }

  /// Whether the readings are too old to be counted.
  func isStale(at now: Double) -> Bool { (age(at: now) ?? .infinity) > Self.staleAfter }

  /// A counter's increase per second over the window; nil when nothing is known yet.
  func rate(_ slot: Role.Counter) -> Double? { counterWindows[slot.rawValue].rate(over: Self.window) }

  /// The share of the time that a counter of nanoseconds covers, over the last seconds.
  func share(_ slot: Role.Counter) -> Double? { rate(slot).map { min(1, max(0, $0 * 1e-9)) } }

  /// What one counter gained over the window for each unit that another did; nil when that one gained nothing.
  func ratio(_ slot: Role.Counter, to other: Role.Counter) -> Double? {
    guard let value = rate(slot), let unit = rate(other), unit > 0 else { return nil }
    return value / unit
  }

  /// What a counter gained in the last second; nil before two readings.
  func delta(_ slot: Role.Counter) -> Int64? { interval == nil ? nil : deltas[slot.rawValue] }

  /// What a watched distribution gained in the last second.
  func gained(_ slot: Role.Sketch) -> QuantileSketch { sketchDeltas[slot.rawValue] ?? QuantileSketch() }

  /// A distribution's values in the window.
  func recent(_ slot: Role.Sketch) -> QuantileSketch {
    sketchWindows[slot.rawValue]?.merged(over: Self.window) ?? QuantileSketch()
  }
}

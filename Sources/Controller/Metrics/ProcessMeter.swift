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
  private static var usageWindow: Double { 5 }
  /// A reading of it is a file of the kernel's, made anew for each: the dearest of all.
  private static var usagePeriod: Double { 2 }

  private(set) var page: StatsPageReader<Role>?
  private(set) var cpuRatio: Double?
  private(set) var residentBytes: Int?
  /// What each counter gained in the last second.
  private(set) var deltas: [Int64] = []
  /// The length of that second; nil before the second reading.
  private(set) var interval: Double?

  private let pagePath: String
  private let probe: UsageProbe?
  private var usages = Ring<(seconds: Double, at: Double)>(
    capacity: 1 + Int(ProcessMeter.usageWindow / ProcessMeter.usagePeriod))
  private let slots = Array(Role.Counter.allCases)
  private var counters: [Int64] = []
  private var lastReading = 0.0
  private var counterWindows: [CounterWindow]
  private struct Watch {
    let slot: Role.Sketch
    /// The page's word for the state that was read last.
    var stamp: UInt64?
    var window: SketchWindow
  }

  private var watches: [Watch]

  /// Reads the page at `pagePath` once it is there; of its distributions only `watched`.
  ///
  /// The process is new: whatever its page holds at the first reading came after `start`, so nothing is lost.
  init(pid: Int32, pagePath: String, watched: [Role.Sketch], start: Double) {
    self.pagePath = pagePath
    watches = watched.map {
      Watch(slot: $0, stamp: nil, window: SketchWindow(capacity: Int(Self.window) + 2))
    }
    probe = UsageProbe(pid: pid)
    counterWindows = []
    rebase(at: start)
  }

  /// Takes what the page holds now for the beginning, so that a first completion of ours is not counted.
  func rebase(at now: Double) {
    let present = slots.map { page?[$0] ?? 0 }
    counterWindows = present.map { value in
      var window = CounterWindow(capacity: Int(Self.window) + 2)
      window.append(value, at: now)
      return window
    }
    for place in watches.indices {
      watches[place].window = SketchWindow(capacity: Int(Self.window) + 2)
      watches[place].stamp = nil
      watches[place].window.append(page?[watches[place].slot] ?? QuantileSketch(), at: now)
    }
    (counters, lastReading, interval) = (present, now, nil)
    deltas = Array(repeating: 0, count: present.count)
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
    interval = now - lastReading
    for (index, slot) in slots.enumerated() { read(index, page[slot], at: now) }
    for place in watches.indices { read(&watches[place], page, at: now) }
    lastReading = now
  }

  private func read(_ index: Int, _ value: Int64, at now: Double) {
    let before = counters[index]
    deltas[index] = CounterDelta(from: before, to: value).value
    guard value != before else { return counterWindows[index].stand(at: now) }
    counterWindows[index].append(value, at: now)
    counters[index] = value
  }

  private func readUsage(at now: Double) {
    // Half a second less, as seconds are not exact.
    guard (usages.last.map { now - $0.at > Self.usagePeriod - 0.5 }) ?? true else { return }
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

  /// A distribution that nothing was added to costs one word.
  private func read(_ watch: inout Watch, _ page: StatsPageReader<Role>, at now: Double) {
    let stamp = page.stamp(of: watch.slot)
    if stamp != nil, stamp == watch.stamp { return watch.window.stand(at: now) }
    watch.window.append(page[watch.slot], at: now)
    watch.stamp = stamp
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

  /// A distribution's values in the window.
  func recent(_ slot: Role.Sketch) -> QuantileSketch {
    place(of: slot).map { watches[$0].window.merged(over: Self.window) } ?? QuantileSketch()
  }

  /// What a distribution gained in the last second.
  func gained(_ slot: Role.Sketch) -> QuantileSketch {
    place(of: slot).map { watches[$0].window.latest } ?? QuantileSketch()
  }

  private func place(of slot: Role.Sketch) -> Int? {
    watches.firstIndex { $0.slot.rawValue == slot.rawValue }
  }
}

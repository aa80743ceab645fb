import Glibc

/// The writing side of a stats page: a file, mapped and shared, that a process fills and the controller reads.
///
/// Each slot must be written from one thread only; different slots may have different threads.
public final class StatsPageWriter<Role: StatsRole>: Sendable {
  /// The page's file.
  public let path: String
  private let layout: StatsLayout
  private let mapping: StatsMapping

  /// Makes a fresh page at `path`, mode 0600, in place of an older one; its blocks are reserved, so that a full disk
  /// is an error here and no fault later.
  public init(path: String, role: Role.Type = Role.self) throws(StatsPageError) {
    self.path = path
    layout = StatsLayout(Role.self)
    let temporary = "\(path).\(getpid())"
    let fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard fd >= 0 else { throw .system("open", temporary) }
    defer { close(fd) }
    let reserved = posix_fallocate(fd, 0, layout.byteCount)
    guard reserved == 0 else {
      unlink(temporary)
      throw .system("posix_fallocate", path, reserved)
    }
    mapping = try StatsMapping(fd, byteCount: layout.byteCount, writable: true, path: path)
    fillHeader()
    // The rename publishes a complete page; who still maps the old one keeps it.
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw .system("rename", path, code)
    }
  }

  private func fillHeader() {
    set(.magic, StatsLayout.magic)
    set(.version, StatsLayout.version)
    set(.role, layout.role)
    set(.fingerprint, layout.fingerprint)
    set(.byteCount, UInt64(layout.byteCount))
    set(.pid, UInt64(getpid()))
    set(.startTime, Self.nanoseconds(CLOCK_REALTIME))
    set(.progress, (0.0).bitPattern)
    for sketch in 0..<layout.sketchCount {
      mapping.store(StatsLayout.emptyStamp, StatsLayout.firstStamp + sketch)
    }
    beat()
  }

  /// Says that the process lives, by the monotonic clock.
  public func beat() { set(.heartbeat, Self.nanoseconds(CLOCK_MONOTONIC)) }

  /// Tells the phase of the start and how much of it is done (0...1).
  public func enter(_ phase: StatsPhase, progress: Double = 0) {
    set(.progress, progress.bitPattern)
    set(.phase, UInt64(phase.rawValue))
    let entry = StatsLayout.firstEntry + phase.rawValue
    if mapping.load(entry) == 0 { mapping.store(Self.nanoseconds(CLOCK_MONOTONIC), entry) }
    beat()
  }

  /// Adds to a counter.
  public func add(_ slot: Role.Counter, _ value: Int64 = 1) {
    mapping.add(value, StatsLayout.headerWords + slot.rawValue)
  }

  /// Adds to a counter.
  public func add(_ slot: Role.Counter, _ value: Int) { add(slot, Int64(value)) }

  /// Sets a counter that is kept elsewhere, such as CPU time.
  public func set(_ slot: Role.Counter, _ value: Int64) {
    mapping.store(UInt64(bitPattern: value), StatsLayout.headerWords + slot.rawValue)
  }

  /// Sets a gauge.
  public func set(_ slot: Role.Gauge, _ value: Double) {
    mapping.store(value.bitPattern, layout.firstGauge + slot.rawValue)
  }

  /// Counts a duration; what is not a number is ignored.
  public func record(_ slot: Role.Sketch, _ seconds: Double) {
    guard !seconds.isNaN else { return }
    let base = layout.firstSketch + slot.rawValue * StatsLayout.sketchWords
    mapping.store((Double(bitPattern: mapping.load(base)) + seconds).bitPattern, base)
    let bucket = SketchScale.index(of: seconds)
    mapping.add(1, base + 1 + bucket)
    let stamp = StatsLayout.firstStamp + slot.rawValue
    mapping.publish(StatsLayout.stamp(after: mapping.load(stamp), adding: bucket), stamp)
  }

  /// The present value of a counter.
  public func value(_ slot: Role.Counter) -> Int64 {
    Int64(bitPattern: mapping.load(StatsLayout.headerWords + slot.rawValue))
  }

  /// The present value of a gauge.
  public func value(_ slot: Role.Gauge) -> Double {
    Double(bitPattern: mapping.load(layout.firstGauge + slot.rawValue))
  }

  private func set(_ word: StatsLayout.Word, _ value: UInt64) { mapping.store(value, word.rawValue) }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

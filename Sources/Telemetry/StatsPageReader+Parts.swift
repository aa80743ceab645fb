/// Parts of a page, for a reader that looks often: a sketch costs two thousand words, a counter one.
extension StatsPageReader {
  /// The writer's last sign of life, in nanoseconds of the monotonic clock.
  public var heartbeatNanoseconds: UInt64 { word(.heartbeat) }

  /// The phase of the start; nil when a newer writer knows phases that this build does not.
  public var phase: StatsPhase? { StatsPhase(rawValue: Int(truncatingIfNeeded: word(.phase))) }

  /// When the writer first came to a phase, in nanoseconds of the monotonic clock; nil when it did not, or does not say.
  public func entryNanoseconds(of phase: StatsPhase) -> UInt64? {
    let time = mapping.load(StatsLayout.firstEntry + phase.rawValue)
    return time == 0 ? nil : time
  }

  /// How much of the phase is done, 0...1.
  public var progress: Double { Double(bitPattern: word(.progress)) }

  /// A counter's value.
  public subscript(_ slot: Role.Counter) -> Int64 {
    Int64(bitPattern: mapping.load(StatsLayout.headerWords + slot.rawValue))
  }

  /// A gauge's value.
  public subscript(_ slot: Role.Gauge) -> Double {
    Double(bitPattern: mapping.load(layout.firstGauge + slot.rawValue))
  }

  /// A word that changes when a distribution does; nil when an older writer does not say.
  public func stamp(of slot: Role.Sketch) -> UInt64? {
    let stamp = mapping.published(StatsLayout.firstStamp + slot.rawValue)
    return stamp == 0 ? nil : stamp
  }

  /// A distribution since the page was made.
  public subscript(_ slot: Role.Sketch) -> QuantileSketch { sketch(slot.rawValue) }
}

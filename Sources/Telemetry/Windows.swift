/// The increase of a counter between two readings, by the reset rule: a counter that shrank began anew at zero, so
/// all of its present value is new.
public struct CounterDelta: Sendable, Equatable {
  /// The increase.
  public let value: Int64
  /// Whether the counter began anew in between.
  public let didReset: Bool

  /// Compares two readings of one counter.
  public init(from previous: Int64, to current: Int64) {
    didReset = current < previous
    value = didReset ? current : current - previous
  }
}

/// A counter's recent readings, from which rates over windows are taken.
public struct CounterWindow: Sendable {
  /// One reading.
  private struct Reading: Sendable {
    var seconds: Double
    /// The sum of all increases so far, untouched by resets.
    var total: Int64
  }

  /// The readings that differ from the one before, and the last of each time in which none did.
  private var readings: Ring<Reading>
  private var last: Int64?
  private var newest = -Double.infinity

  /// Keeps the last `capacity` readings.
  public init(capacity: Int) { readings = Ring(capacity: capacity) }

  /// Adds a reading at a time that lies after the one before.
  @discardableResult
  public mutating func append(_ value: Int64, at seconds: Double) -> CounterDelta? {
    let delta = last.map { CounterDelta(from: $0, to: value) }
    let total = readings.last?.total ?? 0
    if let before = readings.last, newest > before.seconds {
      readings.append(Reading(seconds: newest, total: total))
    }
    (last, newest) = (value, seconds)
    readings.append(Reading(seconds: seconds, total: total + (delta?.value ?? 0)))
    return delta
  }

  /// Says that the counter is, at `seconds`, what it was.
  public mutating func stand(at seconds: Double) { newest = seconds }

  /// The increase over the last `window` seconds and the time that it really spans; nil before two readings.
  public func increase(over window: Double) -> (value: Int64, seconds: Double)? {
    guard let last = readings.last else { return nil }
    let base = base(at: newest - window)
    guard base.seconds < newest else { return nil }
    return (last.total - base.total, newest - base.seconds)
  }

  /// The first reading at `limit` or later; between readings of one value it is known to have had that.
  private func base(at limit: Double) -> Reading {
    let place = readings.firstIndex { $0.seconds >= limit } ?? readings.endIndex
    guard place > 0 else { return readings[0] }
    let before = readings[place - 1]
    if place == readings.endIndex || readings[place].total == before.total {
      return Reading(seconds: limit, total: before.total)
    }
    return readings[place]
  }

  /// The increase per second over the last `window` seconds; nil before two readings.
  public func rate(over window: Double) -> Double? {
    increase(over: window).map { Double($0.value) / $0.seconds }
  }
}

/// A sketch's recent increases, from which quantiles over windows are taken; a standstill costs nothing.
public struct SketchWindow: Sendable {
  private struct Step: Sendable {
    var seconds: Double
    var increase: QuantileSketch
  }

  /// The steps that brought something.
  private var steps: Ring<Step>
  private var last: QuantileSketch?
  private var newest = -Double.infinity
  /// What the newest reading brought.
  public private(set) var latest = QuantileSketch()

  /// Keeps the last `capacity` increases.
  public init(capacity: Int) { steps = Ring(capacity: capacity) }

  /// Adds a reading of the cumulative sketch; the first one is the base and increases nothing.
  public mutating func append(_ cumulative: QuantileSketch, at seconds: Double) {
    latest = last.map(cumulative.since) ?? QuantileSketch()
    newest = seconds
    last = cumulative
    if latest.count > 0 { steps.append(Step(seconds: seconds, increase: latest)) }
  }

  /// Says that the sketch is, at `seconds`, what it was.
  public mutating func stand(at seconds: Double) {
    latest = QuantileSketch()
    newest = seconds
  }

  /// What was observed in the last `window` seconds before the newest reading.
  public func merged(over window: Double) -> QuantileSketch {
    var sum = QuantileSketch()
    for step in steps where step.seconds > newest - window { sum.merge(step.increase) }
    return sum
  }
}

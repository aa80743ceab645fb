/// What each source of load said lately, and the load of all of them over that time.
///
/// Each source's values are a step function. Their sum is folded from the moment on when every source has said something,
/// to now: `merge_instantaneous_total` and `aggregate_timeseries` of Ray 2.60.
struct LoadWindow: Sendable, Equatable, Codable {
  /// From `time` on, in seconds, the load was `value`.
  struct Sample: Sendable, Equatable, Codable {
    let time: Double
    let value: Double
  }

  private var sources: [Int: [Sample]] = [:]
  /// How long ago a time is taken for now, where none has passed since the last sample.
  private static let shortest = 1e-3

  /// Takes what each source says at `time`; sources that say nothing any more are forgotten.
  mutating func add(_ values: [Int: Double], at time: Double, keeping span: Double) {
    sources = sources.filter { values[$0.key] != nil }
    for (source, value) in values {
      add(source: source, value, at: time)
      sources[source]?.removeAll { $0.time < time - span }
    }
  }

  /// Takes what one source says at `time`.
  mutating func add(source: Int, _ value: Double, at time: Double) {
    sources[source, default: []].append(Sample(time: time, value: value))
  }

  /// The load at `now`, folded; 0 where nobody said anything.
  func total(_ aggregation: ScalingRule.Aggregation, at now: Double) -> Double {
    let steps = merged
    guard let first = steps.first, let last = steps.last else { return 0 }
    var start = first.time
    let aligned = sources.values.compactMap(\.first?.time).max() ?? start
    let isAligned = sources.count > 1 && aligned <= last.time
    if isAligned { start = max(start, aligned) }
    switch aggregation {
    case .mean:
      let end = last.time + (now > last.time ? now - last.time : Self.shortest)
      return Self.mean(steps, from: start, to: end)
    case .max: return steps.filter { !isAligned || $0.time >= start }.map(\.value).max() ?? 0
    case .min: return steps.filter { !isAligned || $0.time >= start }.map(\.value).min() ?? 0
    }
  }

  /// The sum of all step functions; of several its steps are at hundredths of a second, as Ray's.
  private var merged: [Sample] {
    guard sources.count > 1 else { return sources.values.first ?? [] }
    let changes = sources.flatMap { source, samples in samples.map { (source: source, sample: $0) } }
      .sorted { ($0.sample.time, $0.source) < ($1.sample.time, $1.source) }
    var present: [Int: Double] = [:]
    var total = 0.0
    var steps: [Sample] = []
    for (source, sample) in changes {
      let before = present.updateValue(sample.value, forKey: source) ?? 0
      guard sample.value != before else { continue }
      total += sample.value - before
      let time = (sample.time * 100).rounded(.toNearestOrEven) / 100
      if steps.last?.time == time { steps.removeLast() }
      steps.append(Sample(time: time, value: total))
    }
    return steps
  }

  private static func mean(_ steps: [Sample], from start: Double, to end: Double) -> Double {
    guard end > start else { return 0 }
    var area = 0.0
    var value = 0.0
    var time = start
    for step in steps {
      guard step.time > start else {
        value = step.value
        continue
      }
      guard step.time < end else { break }
      area += value * (step.time - time)
      (time, value) = (step.time, step.value)
    }
    return (area + value * (end - time)) / (end - start)
  }
}

import Randomness
import Telemetry
import Testing

/// A second in which one thing happened.
private struct Second: WindowStep {
  var end: Double
  var count = 1
  mutating func add(_ later: Second) {
    end = later.end
    count += later.count
  }
}

@Suite struct `A window of minutes` {
  private func window(seconds: Int) -> SteppedWindow<Second> {
    var window = SteppedWindow<Second>()
    for second in 0..<seconds { window.append(Second(end: Double(second))) }
    return window
  }

  private func count(_ window: SteppedWindow<Second>, _ span: Double) throws -> Int {
    let now = try #require(window.last?.end)
    return window.recent(span, before: now).map(\.count).reduce(0, +)
  }

  @Test(arguments: [395, 400, 404]) func `is exact for seconds, and right to half a block for minutes`(
    seconds: Int
  ) throws {
    let window = window(seconds: seconds)
    #expect(try count(window, 1) == 1 && count(window, 10) == 10)
    for span in [60, 300] { #expect(abs(try count(window, Double(span)) - span) <= 5, "\(span)") }
  }

  @Test func `holds all there is until it is full`() throws {
    for seconds in [1, 9, 10, 11, 47] { #expect(try count(window(seconds: seconds), 300) == seconds) }
  }
}

@Suite struct `Windows and rings` {
  @Test func `a ring drops the oldest`() {
    var ring = Ring<Int>(capacity: 3)
    for value in 1...5 { ring.append(value) }
    #expect(Array(ring) == [3, 4, 5])
    #expect(ring.last == 5)
    ring.removeAll()
    #expect(ring.isEmpty)
    ring.append(9)
    #expect(Array(ring) == [9])
  }

  @Test func `a counter that shrank began anew at zero`() {
    #expect(CounterDelta(from: 10, to: 14) == CounterDelta(from: 0, to: 4))
    let delta = CounterDelta(from: 100, to: 7)
    #expect(delta.value == 7)
    #expect(delta.didReset)
  }

  @Test func `a rate needs two readings and spans what it says`() throws {
    var window = CounterWindow(capacity: 10)
    window.append(1000, at: 0)
    #expect(window.rate(over: 5) == nil)
    window.append(1010, at: 1)
    window.append(1030, at: 2)
    #expect(window.rate(over: 1) == 20)
    #expect(window.rate(over: 60) == 15)
    let increase = try #require(window.increase(over: 60))
    #expect(increase.value == 30)
    #expect(increase.seconds == 2)
  }

  @Test func `a counter that stands is read as if it had been read each time`() {
    var noise = SplitMix(seed: 5)
    for _ in 0..<200 {
      var (told, stood) = (CounterWindow(capacity: 40), CounterWindow(capacity: 40))
      var value: Int64 = 7
      told.append(value, at: 0)
      stood.append(value, at: 0)
      for second in 1...30 {
        let gain = max(0, Int64.random(in: -12...6, using: &noise))
        value += gain
        told.append(value, at: Double(second))
        if gain == 0 { stood.stand(at: Double(second)) } else { stood.append(value, at: Double(second)) }
        for window in [1.0, 2, 5, 10, 60] {
          let (one, other) = (told.increase(over: window), stood.increase(over: window))
          #expect(one?.value == other?.value && one?.seconds == other?.seconds)
        }
      }
    }
  }

  @Test func `a restart within the window loses nothing and goes below zero nowhere`() {
    var window = CounterWindow(capacity: 10)
    window.append(1000, at: 0)
    #expect(window.append(1100, at: 1)?.didReset == false)
    #expect(window.append(40, at: 2)?.didReset == true)
    #expect(window.rate(over: 60) == 70)
  }

  @Test func `a sketch window forgets what is older`() throws {
    var window = SketchWindow(capacity: 100)
    var sketch = QuantileSketch()
    for _ in 0..<1000 { sketch.record(0.010) }
    window.append(sketch, at: 0)
    #expect(window.merged(over: 10).count == 0)
    sketch.record(2)
    window.append(sketch, at: 1)
    sketch.record(4)
    window.append(sketch, at: 2)
    #expect(window.merged(over: 1).count == 1)
    let slow = try #require(window.merged(over: 1).quantile(0.5))
    #expect(abs(slow - 4) < 0.04)
    #expect(window.merged(over: 10).count == 2 && window.latest.count == 1)
    window.stand(at: 11)
    #expect(window.merged(over: 10).count == 1 && window.latest.count == 0)
    window.stand(at: 12)
    #expect(window.merged(over: 10).count == 0)
  }
}

@Suite struct Histograms {
  @Test func `a value on a bound belongs to that bound's bucket`() {
    var histogram = Histogram(bounds: [1, 2, 5])
    for value in [0.5, 1, 1.5, 2, 5, 6, .nan] { histogram.observe(value) }
    #expect(histogram.counts == [2, 2, 1, 1])
    #expect(histogram.count == 6)
    #expect(histogram.sum == 16)
    histogram.merge(histogram)
    #expect(histogram.counts == [4, 4, 2, 2])
  }

  @Test func `lengths go by one, two and five`() {
    #expect(BucketBounds.lengths(upTo: 250) == [1, 2, 5, 10, 20, 50, 100, 200])
    #expect(BucketBounds.lengths(upTo: Int.max).last == 5e18)
  }
}

import Randomness
import Telemetry
import Testing

@testable import History

/// Seconds as a busy hour might bring them, with gaps.
private func seconds(_ count: Int, from start: Int, seed: UInt64) -> [(time: Int, sample: HistorySample)] {
  var random = SplitMix(seed: seed)
  return (0..<count).compactMap { place in
    guard Int.random(in: 0..<7, using: &random) > 0 else { return nil }
    var sample = HistorySample()
    for field in HistoryField.allCases { sample[field] = .random(in: 0...1_000_000, using: &random) }
    var sketch = QuantileSketch()
    for _ in 0..<Int.random(in: 0..<20, using: &random) {
      sketch.record(.random(in: 0.001...3, using: &random))
    }
    sample.count(ttft: sketch, tpot: QuantileSketch())
    return (start + place, sample)
  }
}

private func blocks(
  _ seconds: [(time: Int, sample: HistorySample)], step: Int, of series: HistoryBlock.Series = .application
) -> [HistoryBlock] {
  var blocks: [Int: HistoryBlock] = [:]
  for (time, sample) in seconds {
    let block = HistoryBlock(step: step, holding: time)
    blocks[block.start, default: block].add(sample, to: series, at: time)
  }
  return blocks.values.sorted { $0.start < $1.start }
}

@Suite struct `The past` {
  private static let hour = 1_800_000_000 / 3600 * 3600

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `rolled up twice is what it is rolled up once, to the bit`(seed: UInt64) {
    let seconds = seconds(3600, from: Self.hour, seed: seed)
    var minutes = HistoryBlock(step: 60, holding: Self.hour)
    for tens in blocks(seconds, step: 10) { minutes.merge(tens) }
    #expect([minutes] == blocks(seconds, step: 60))
    var direct = HistoryBlock(step: 60, holding: Self.hour)
    for block in blocks(seconds, step: 1) { direct.merge(block) }
    #expect(direct == minutes)
    let stretch = HistoryStretch(
      of: .application, in: [minutes], from: Self.hour, until: Self.hour + 3599, step: 300)
    #expect(stretch.samples.count == 12)
    var first = HistorySample()
    for second in seconds where second.time < Self.hour + 300 { first.merge(second.sample) }
    #expect(stretch.samples[0] == first)
  }

  @Test func `adds what is counted, keeps the greatest, and takes percentiles of all that was seen`() throws {
    var (one, other) = (HistorySample(), HistorySample())
    (one[.requests], one[.countedMilliseconds], one[.runningMost]) = (6, 2000, 9)
    (other[.requests], other[.countedMilliseconds], other[.runningMost]) = (2, 1000, 4)
    (one[.rankReadings], one[.running]) = (1, 3)
    var (fast, slow) = (QuantileSketch(), QuantileSketch())
    for _ in 0..<90 { fast.record(0.1) }
    for _ in 0..<10 { slow.record(2) }
    one.count(ttft: fast, tpot: QuantileSketch())
    other.count(ttft: slow, tpot: QuantileSketch())
    one.merge(other)
    #expect(one.ratio(.requests, per: .countedMilliseconds, scale: 1000) == 8.0 / 3)
    #expect(one.most(.runningMost, of: .rankReadings) == 9 && one.ratio(.running, per: .rankReadings) == 3)
    let (median, late) = (try #require(one.ttft.quantile(0.5)), try #require(one.ttft.quantile(0.95)))
    #expect(abs(median - 0.1) < 0.004 && abs(late - 2) < 0.08 && one.tpot.quantile(0.5) == nil)
  }

  @Test func `does not take the unknown for a zero`() {
    var idle = HistorySample()
    idle[.countedMilliseconds] = 1000
    let from = Self.hour
    let known = [(time: from + 3, sample: idle), (from + 5, idle)]
    let stretch = HistoryStretch(
      of: .application, in: blocks(known, step: 1), from: from, until: from + 6, step: 1)
    let rates = stretch.samples.map { $0?.ratio(.requests, per: .countedMilliseconds) }
    #expect(stretch.start == from + 3 && rates == [0, nil, 0, nil])
    #expect(idle.ratio(.failed, per: .requests) == nil && idle.most(.waitingMost, of: .rankReadings) == nil)
    #expect(
      HistoryStretch(
        of: .rank(group: 0, rank: 1), in: blocks(known, step: 1), from: from, until: from, step: 1
      )
      .samples.isEmpty)
  }

  @Test(arguments: [0, 1, 59, 60, 3599, 3600, -1, -3600, 1_800_000_123])
  func `lies in the block that holds its time`(time: Int) {
    for tier in HistoryTier.all {
      let block = HistoryBlock(step: tier.step, holding: time)
      #expect(block.start <= time && time < block.end && block.end - block.start == 60 * tier.step)
      #expect(block.start % (60 * tier.step) == 0)
    }
  }

  @Test func `is read from the finest tier that reaches so far, in steps as long as are asked for`() {
    func step(_ age: Int, _ step: Int) -> Int { HistoryTier.reaching(age, step: step).step }
    #expect(step(60, 1) == 1 && step(3600, 60) == 60 && step(3600, 10) == 10)
    #expect(step(3601, 1) == 10 && step(86_401, 1) == 60 && step(90 * 86_400, 1) == 60)
    #expect(HistoryStretch.pleasantStep(over: 60) == 1 && HistoryStretch.pleasantStep(over: 3600) == 60)
    #expect(HistoryStretch.pleasantStep(over: 30 * 86_400) == 86_400)
  }
}

@Suite struct `A block of the past` {
  @Test(arguments: [4, 5, 6] as [UInt64]) func `comes back from its bytes as it was`(seed: UInt64) throws {
    var block = try #require(blocks(seconds(60, from: 600, seed: seed), step: 1).first)
    let rank = seconds(40, from: 610, seed: seed + 100)
    for (time, sample) in rank { block.add(sample, to: .rank(group: 2, rank: 70), at: time) }
    #expect(HistoryBlock(step: 1, start: 600, bytes: block.bytes) == block)
    #expect(HistoryBlock(step: 1, start: 601, bytes: block.bytes) == nil)
  }

  @Test(arguments: [7, 8, 9] as [UInt64])
  func `that is damaged is refused or read, and never ends the reader`(seed: UInt64)
    throws
  {
    let bytes = try #require(blocks(seconds(60, from: 0, seed: seed), step: 1).first).bytes
    #expect(HistoryBlock(step: 1, start: 0, bytes: Array(bytes.dropLast())) == nil)
    #expect(HistoryBlock(step: 1, start: 0, bytes: []) == nil)
    var random = SplitMix(seed: seed)
    for _ in 0..<200 {
      var damaged = bytes
      for _ in 0..<3 {
        damaged[.random(in: damaged.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      _ = HistoryBlock(step: 1, start: 0, bytes: damaged)
    }
  }

  @Test func `of an idle group of sixteen takes less than four kilobytes`() {
    var sample = HistorySample()
    (sample[.countedMilliseconds], sample[.rankReadings], sample[.blocksTotal]) = (1000, 1, 4096)
    var block = HistoryBlock(step: 1, holding: 0)
    for time in 0..<60 {
      for rank in 0..<16 { block.add(sample, to: .rank(group: 0, rank: rank), at: time) }
    }
    #expect(block.bytes.count < 4096, "\(block.bytes.count)")
  }
}

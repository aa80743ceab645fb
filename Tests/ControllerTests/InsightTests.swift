import ControlAPI
import Telemetry
import Testing

@testable import Controller

@Suite struct `A look into the experts` {
  private let loads = ExpertLoads(
    shape: (layers: 2, experts: 3), ranks: [("dp0", [10, 0, 0, 0, 0, 0]), ("dp1", [0, 20, 30, 0, 0, 0])])

  @Test func `sums rows by layer and rank`() {
    #expect(loads.rows == [[10, 50], [0, 0]])
  }

  @Test func `takes the mean over the most for evenness, which is unknown without rows`() {
    #expect(loads.balancedness == [.known(0.6), .unknown])
  }

  @Test func `names the hottest experts with those that computed them`() {
    let hottest = loads.hottest(2)
    #expect(hottest.map(\.expert) == [2, 1] && hottest.map(\.rows) == [30, 20])
    #expect(hottest[0].ranks == ["dp1"] && hottest[0].timesMean == 1.5)
  }
}

@Suite struct `Latencies of the past` {
  @Test func `keep every value in the bucket that holds it`() {
    var sketch = QuantileSketch()
    for value in [0.0004, 0.05, 0.05, 2, 1000] { sketch.record(value) }
    var history = LatencyHistory()
    history.append(LatencyColumn(sketch, time: 100), .ttft)
    history.append(LatencyColumn(QuantileSketch(), time: 101), .ttft)
    let columns = history.columns(.ttft, now: 102)
    #expect(columns.count == 1 && columns[0].time == 100 && columns[0].first == 0)
    for (value, count) in [(0.0004, 1), (0.05, 2), (2, 1), (1000, 1)] {
      #expect(columns[0].counts[LatencyScale.bucket(of: value)] == count)
    }
    #expect(columns[0].counts.reduce(0, +) == 5 && history.columns(.itl, now: 102).isEmpty)
  }

  @Test func `are forgotten after ten minutes`() {
    var sketch = QuantileSketch()
    sketch.record(1)
    var history = LatencyHistory()
    history.append(LatencyColumn(sketch, time: 100), .e2e)
    #expect(history.columns(.e2e, now: 699).count == 1 && history.columns(.e2e, now: 701).isEmpty)
  }
}

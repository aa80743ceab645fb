import ControlAPI
import Testing

@testable import Attachment

/// A page with one engine that has made some requests, each with some tokens, and first tokens at 20 ms or at 200 ms.
private func page(
  requests: Int, tokens: Int = 0, fast: Int = 0, slow: Int = 0, running: Int = 0, engine: String = "0",
  model: String = "m", failed: Int = 0
) -> [UInt8] {
  Array(
    """
    # HELP vllm:request_success_total Requests.
    vllm:request_success_total{engine="\(engine)",finished_reason="length",model_name="\(model)"} \(requests - failed)
    vllm:request_success_total{engine="\(engine)",finished_reason="error",model_name="\(model)"} \(failed)
    vllm:generation_tokens_total{engine="\(engine)",model_name="\(model)"} \(tokens)
    vllm:num_requests_running{engine="\(engine)",model_name="\(model)"} \(running)
    vllm:kv_cache_usage_perc{engine="\(engine)",model_name="\(model)"} 0.25
    vllm:time_to_first_token_seconds_bucket{engine="\(engine)",le="0.01",model_name="\(model)"} 0
    vllm:time_to_first_token_seconds_bucket{engine="\(engine)",le="0.03",model_name="\(model)"} \(fast)
    vllm:time_to_first_token_seconds_bucket{engine="\(engine)",le="0.1",model_name="\(model)"} \(fast)
    vllm:time_to_first_token_seconds_bucket{engine="\(engine)",le="0.3",model_name="\(model)"} \(fast + slow)
    vllm:time_to_first_token_seconds_bucket{engine="\(engine)",le="+Inf",model_name="\(model)"} \(fast + slow)
    vllm:time_to_first_token_seconds_sum{engine="\(engine)",model_name="\(model)"} \(Double(fast) * 0.02 + Double(slow) * 0.2)
    vllm:time_to_first_token_seconds_count{engine="\(engine)",model_name="\(model)"} \(fast + slow)

    """.utf8)
}

@Suite struct `Attached sources` {
  private var two = AttachedSources(
    pages: ["http://a:8000/metrics", "http://b:8000/metrics"], startedAt: 1000)

  private func application(_ snapshot: Snapshot) throws -> ApplicationStatus {
    try #require(snapshot.status.applications.first)
  }

  @Test mutating func `know no rate from one reading, and the true one from two`() throws {
    let first = try application(
      two.take(
        [.success(page(requests: 100)), .success(page(requests: 7, engine: "1"))], at: 1, wallClock: 1001))
    #expect(first.metrics.requestsPerSecond == .unknown)
    #expect(first.metrics.kvUsageRatio == .known(0.25))
    let second = try application(
      two.take(
        [
          .success(page(requests: 104, tokens: 50, running: 3)),
          .success(page(requests: 13, tokens: 10, running: 2, engine: "1")),
        ], at: 3, wallClock: 1003))
    #expect(second.metrics.requestsPerSecond == .known(5))
    #expect(second.metrics.generationTokensPerSecond == .known(30))
    #expect(second.metrics.running == .known(5))
    #expect(second.metrics.queueDepth == .unknown)
    #expect(second.deployments.map(\.name) == ["DPServer:m"])
    #expect(second.deployments[0].replicas.map(\.id) == ["dp0", "dp1"])
    #expect(second.deployments[0].replicas.map(\.requestsPerSecond) == [.known(2), .known(3)])
    #expect(second.deployments[0].replicas[0].gpuUtilizationRatio == .unknown)
    #expect(second.deployments[0].replicas.allSatisfy { $0.isLatencyEstimate == true })
  }

  @Test mutating func `merge quantiles over engines by buckets, and not by averages`() throws {
    _ = two.take(
      [.success(page(requests: 0)), .success(page(requests: 0, engine: "1"))], at: 1, wallClock: 1001)
    // Ninety fast ones on one engine, ten slow ones on the other: half of all are fast.
    let status = try application(
      two.take(
        [.success(page(requests: 90, fast: 90)), .success(page(requests: 10, slow: 10, engine: "1"))], at: 2,
        wallClock: 1002))
    let ttft = status.metrics.ttftSeconds
    #expect(ttft.count == 100 && ttft.isEstimate == true)
    // Rank 50 of 90 within the bucket from 10 to 30 ms; rank 99 is the ninth of ten from 100 to 300 ms.
    let found = [ttft.p50, ttft.p99, ttft.mean].map { $0.value ?? .nan }
    let expected = [0.01 + 0.02 * 50 / 90, 0.28, 0.038]
    for (value, wanted) in zip(found, expected) { #expect(abs(value - wanted) < 1e-9) }
  }

  @Test mutating func `tell of latencies over time and in percentiles, as estimates`() throws {
    _ = two.take(
      [.success(page(requests: 5, fast: 5)), .success(page(requests: 0, engine: "1"))], at: 1, wallClock: 1001
    )
    let empty = two.insight(over: 10, at: 1, wallClock: 1001).latency.distributions[0]
    #expect(empty.percentiles.isEmpty && empty.columns.isEmpty, "what was before is not of this window")
    _ = two.take(
      [.success(page(requests: 95, fast: 95)), .success(page(requests: 10, slow: 10, engine: "1"))], at: 2,
      wallClock: 1002)
    let insight = two.insight(over: 10, at: 2, wallClock: 1002)
    let ttft = try #require(insight.latency.distributions.first { $0.metric == .ttft })
    #expect(ttft.summary.isEstimate == true && ttft.summary.count == 100)
    #expect(ttft.percentiles.count == 101 && ttft.percentiles[0] == 0.01)
    #expect(abs((ttft.percentiles.last ?? 0) - 0.3) < 1e-9)
    #expect(ttft.columns.map(\.time) == [1002] && ttft.columns.map { $0.counts.reduce(0, +) } == [100])
    // Ninety lie from 10 to 30 ms and ten from 100 to 300 ms; half-octave buckets may reach a little beyond.
    for (offset, count) in ttft.columns[0].counts.enumerated() where count > 0 {
      let bound = LatencyScale.upperBound(ttft.columns[0].first + offset)
      #expect((0.01..<0.0427).contains(bound) || (0.1..<0.427).contains(bound), "\(bound)")
    }
    #expect(insight.latency.parts.isEmpty && insight.experts == nil, "nothing is told of those")
  }

  @Test mutating func `take rates over the window that is asked for`() throws {
    for second in 0...30 {
      let requests = min(second, 20) * 6
      _ = two.take(
        [.success(page(requests: requests)), .success(page(requests: 0, engine: "1"))], at: Double(second),
        wallClock: 1000 + Double(second))
    }
    let answers = [page(requests: 120), page(requests: 0, engine: "1")].map(
      Result<[UInt8], AttachError>.success)
    let short = try application(two.take(answers, at: 31, wallClock: 1031)).metrics
    let long = try application(two.take(answers, over: 60, at: 32, wallClock: 1032)).metrics
    #expect(short.requestsPerSecond == .known(0) && short.windowSeconds == 10)
    #expect(long.requestsPerSecond == .known(120.0 / 32) && long.windowSeconds == 60)
  }

  @Test mutating func `count a server that began anew from zero`() throws {
    _ = two.take([.success(page(requests: 1000, fast: 1000)), .success([])], at: 1, wallClock: 1001)
    let status = try application(
      two.take([.success(page(requests: 4, fast: 4)), .success([])], at: 2, wallClock: 1002))
    #expect(status.metrics.requestsPerSecond == .known(4))
    #expect(status.metrics.ttftSeconds.count == 4)
  }

  @Test mutating func `strike what is stale from the totals, keep it with its age, and say why`() throws {
    let answers = [page(requests: 1, running: 4), page(requests: 1, running: 5, engine: "1")]
    _ = two.take(answers.map { .success($0) }, at: 1, wallClock: 1001)
    let lost = AttachError("http://b:8000/metrics: Connection refused")
    var snapshot = two.take([.success(answers[0]), .failure(lost)], at: 3, wallClock: 1003)
    #expect(snapshot.events.map(\.reason) == ["EndpointLost"])
    #expect(snapshot.events.map(\.message) == [lost.description])
    snapshot = two.take([.success(answers[0]), .failure(lost)], at: 9, wallClock: 1009)
    #expect(snapshot.events.isEmpty)
    let status = try application(snapshot)
    #expect(status.status == .unhealthy)
    #expect(status.hints.map(\.id) == ["H15"])
    #expect(status.hints.map { $0.evidence.map(\.text) } == [[lost.description, "last read 8 s ago"]])
    #expect(status.message == "1 of 2 endpoints answer; http://b:8000/metrics: Connection refused")
    #expect(status.metrics.running == .known(4))
    let replica = status.deployments[0].replicas[1]
    #expect(replica.stale && replica.observedAgeSeconds == .known(8) && replica.running == .known(5))
    snapshot = two.take(answers.map { .success($0) }, at: 10, wallClock: 1010)
    #expect(snapshot.events.map(\.reason) == ["EndpointAnswers"])
    #expect(try application(snapshot).status == .running)
  }

  @Test mutating func `show a page that never answered as unknown, and one without engines with the reason`()
    throws
  {
    let status = try application(
      two.take(
        [.failure(AttachError("http://a:8000/metrics: timed out")), .success(Array("up 1\n".utf8))], at: 1,
        wallClock: 1001))
    #expect(status.name == "a:8000")
    #expect(status.deployments[0].replicas.map(\.id) == ["a:8000", "b:8000"])
    #expect(status.deployments[0].replicas.allSatisfy { $0.stale && $0.running == .unknown })
    #expect(status.metrics == ApplicationMetrics(windowSeconds: 10).estimated)
  }

  @Test mutating func `take no nonsense for numbers, and fall over none`() throws {
    let sound = String(decoding: page(requests: 9, fast: 3, slow: 6, running: 4), as: UTF8.self)
    for nonsense in ["NaN", "+Inf", "-Inf", "1e300", "-7"] {
      let body = sound.split(separator: "\n").map { line in
        line.hasPrefix("#")
          ? String(line) : line.split(separator: " ").dropLast().joined(separator: " ") + " " + nonsense
      }.joined(separator: "\n")
      var sources = AttachedSources(pages: ["http://a:8000/metrics"], startedAt: 0)
      for (second, text) in [sound, body, sound, body].enumerated() {
        let time = Double(second)
        let status = try application(sources.take([.success(Array(text.utf8))], at: time, wallClock: time))
        #expect(status.metrics.requestsPerSecond.value?.isFinite != false, "\(nonsense)")
        let look = sources.insight(over: 10, at: time, wallClock: time)
        #expect(
          look.latency.distributions.allSatisfy { $0.percentiles.allSatisfy(\.isFinite) }, "\(nonsense)")
      }
    }
  }

  @Test mutating func `tell engines of the same number apart by their place`() throws {
    let status = try application(
      two.take([.success(page(requests: 1)), .success(page(requests: 1))], at: 1, wallClock: 1001))
    #expect(status.deployments[0].replicas.map(\.id) == ["a:8000/0", "b:8000/0"])
  }

  @Test mutating func `give the share of requests that failed where the engine tells`() throws {
    _ = two.take([.success(page(requests: 0)), .success([])], at: 1, wallClock: 1001)
    let status = try application(
      two.take([.success(page(requests: 8, failed: 2)), .success([])], at: 2, wallClock: 1002))
    #expect(status.metrics.errorRatio == .known(0.25))
  }
}

extension ApplicationMetrics {
  /// The same, with quantiles that would be interpolated.
  fileprivate var estimated: ApplicationMetrics {
    var metrics = self
    metrics.ttftSeconds.isEstimate = true
    metrics.tpotSeconds.isEstimate = true
    return metrics
  }
}

@Suite struct `An engine's page` {
  @Test func `of vLLM with two ranks is read whole`() throws {
    let engines = try EnginePage.read(try sample("vllm-dp2.prom"))
    let keys = engines.keys.sorted()
    #expect(keys.map(\.engine) == ["0", "1"] && keys.allSatisfy { $0.model == "tiny-moe" })
    let first = try #require(engines[keys[0]])
    #expect(first.counters[.requests] == 116 && first.failed == 0)
    #expect(first.gauges == [.running: 0, .waiting: 0, .kvUsage: 0])
    let ttft = try #require(first.latencies[.ttft])
    #expect(ttft.count == 116 && abs(ttft.sum - 13.691524744033813) < 1e-9)
    #expect(first.latencies[.tpot]?.count ?? 0 > 0 && first.latencies[.interToken]?.count ?? 0 > 0)
    let median = try #require(ttft.quantile(0.5))
    #expect(ttft.bounds.contains { $0 >= median } && median > 0)
  }

  @Test(arguments: [
    ("vllm:gpu_cache_usage_perc", MetricMeaning.gauge(.kvUsage)),
    ("ray_vllm_num_requests_running", .gauge(.running)),
    ("ray_vllm:num_requests_running", .gauge(.running)),
    ("sglang:num_running_reqs", .gauge(.running)),
    ("sglang:num_requests_total", .counter(.requests)),
    ("ray_vllm_generation_tokens_total", .counter(.generationTokens)),
    ("vllm:generation_tokens", .counter(.generationTokens)),
    ("sglang:inter_token_latency_seconds_bucket", .latency(.interToken)),
    ("vllm:time_per_output_token_seconds_sum", .latency(.interToken)),
    ("vllm:e2e_request_latency_seconds_bucket", .latency(.whole)),
    ("ray_vllm_request_queue_time_seconds_sum", .latency(.queue)),
    ("sglang:queue_time_seconds_bucket", .latency(.queue)),
  ])
  func `names series as this version or another does`(name: String, meaning: MetricMeaning) {
    #expect(MetricName.parse(name)?.meaning == meaning)
  }

  @Test(arguments: [
    "vllm:time_to_first_token_seconds", "vllm:num_requests_running_bucket", "vllmx:num_requests_running",
    "http_requests_total", "vllm", "ray_vllm", "vllm:iteration_tokens_total",
  ])
  func `leaves alone what it does not know`(name: String) {
    #expect(MetricName.parse(name) == nil)
  }
}

@Suite struct `A metrics page's URL` {
  @Test(arguments: [
    ("h:8000", "http://h:8000/metrics"), ("http://h:8000", "http://h:8000/metrics"),
    ("https://h/", "https://h/metrics"), ("http://h/a/b", "http://h/a/b"), ("h/api?x=1", "http://h/api?x=1"),
  ])
  func `may be given as short as users name it`(text: String, page: String) {
    #expect(AttachedURL.page(text) == page)
  }

  @Test(arguments: ["", "http://", "ftp://h", "file:///etc/passwd", "a b"])
  func `is refused when it is none`(text: String) { #expect(AttachedURL.page(text) == nil) }
}

@Suite struct `Buckets` {
  @Test func `with other bounds are added at the bounds of both`() {
    var sum = BucketHistogram(bounds: [1, 2, .infinity], cumulative: [1, 3, 4])
    sum.merge(BucketHistogram(bounds: [1, 3, .infinity], cumulative: [2, 2, 5]))
    #expect(sum.bounds == [1, 2, 3, .infinity] && sum.cumulative == [3, 5, 5, 9])
  }

  @Test(
    arguments: [
      ([0.002, 0.004, .infinity], [10.0, 30, 30]), ([0.5, 1, .infinity], [0, 0, 4]), ([.infinity], [3]),
      ([], []),
    ] as [([Double], [Double])])
  func `keep every value when they are read in buckets of ours`(bounds: [Double], cumulative: [Double]) {
    let histogram = BucketHistogram(bounds: bounds, cumulative: cumulative)
    #expect(histogram.scaled.reduce(0, +) == Int(histogram.count) && histogram.scaled.allSatisfy { $0 >= 0 })
    #expect(histogram.scaled.count == LatencyScale.bucketCount)
  }

  @Test func `spread their values over ours, and put those beyond the last bound just above it`() {
    let histogram = BucketHistogram(bounds: [0.004, 0.016, .infinity], cumulative: [0, 120, 125])
    let scaled = histogram.scaled
    #expect(scaled[LatencyScale.bucket(of: 0.0045)] > 0 && scaled[LatencyScale.bucket(of: 0.0155)] > 0)
    #expect(scaled[LatencyScale.bucket(of: 0.0161)] == 5 && scaled[LatencyScale.bucket(of: 0.003)] == 0)
  }

  @Test func `give no quantile without values, and the last finite bound for what lies beyond`() {
    #expect(BucketHistogram(bounds: [1, .infinity], cumulative: [0, 0]).quantile(0.5) == nil)
    #expect(BucketHistogram(bounds: [1, .infinity], cumulative: [1, 9]).quantile(0.99) == 1)
    #expect(BucketHistogram(bounds: [.infinity], cumulative: [9]).quantile(0.5) == nil)
  }
}

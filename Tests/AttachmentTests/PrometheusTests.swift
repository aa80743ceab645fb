import ControlAPI
import Testing

@testable import Attachment
@testable import WebClient

@Suite struct `Prometheus` {
  private let server: PrometheusServer
  /// Two engines that were scraped every second; the second one could not be for the last five.
  private let recorded: PrometheusAnswer

  init() throws {
    server = try #require(PrometheusServer(url: "prom:9090"))
    recorded = try server.read(
      clock: .success(WebResponse(status: 200, body: try sample("prometheus-clock.json"))),
      samples: .success(WebResponse(status: 200, body: try sample("prometheus-samples.json")))
    ).get()
  }

  private func application(_ snapshot: Snapshot) throws -> ApplicationStatus {
    try #require(snapshot.status.applications.first)
  }

  @Test func `tells of the past, so that one answer is enough for rates and quantiles`() throws {
    var sources = AttachedSources(prometheus: server, startedAt: recorded.time)
    let status = try application(
      sources.take([.success(recorded.told)], over: 10, at: recorded.time, wallClock: recorded.time))
    let replica = status.deployments[0].replicas[0]
    #expect(replica.id == "dp0" && replica.node == "127.0.0.1:46679" && !replica.stale)
    let rates = [replica.requestsPerSecond, replica.generationTokensPerSecond].map { $0.value ?? .nan }
    #expect(abs(rates[0] - 4) < 0.1 && abs(rates[1] - 400) < 1, "\(rates)")
    #expect(replica.ttftP50Seconds == .known(0.025))
    let ttft = status.metrics.ttftSeconds
    #expect(ttft.isEstimate == true && ttft.count >= 40 && abs((ttft.mean.value ?? .nan) - 0.025) < 1e-9)
  }

  @Test func `fills the charts with what it knows of the past`() throws {
    var sources = AttachedSources(prometheus: server, startedAt: recorded.time)
    let first = sources.take(
      [.success(recorded.told)], over: 10, at: recorded.time, wallClock: recorded.time)
    let points = try #require(first.history["tiny-moe"])
    #expect(points.count == 13 && points.map(\.time) == points.map(\.time).sorted())
    // The second engine is read a little later than the first, and was lost in the end.
    let tokens = points.map { $0.generationTokensPerSecond ?? 0 }
    #expect(
      tokens[3...6].allSatisfy { abs($0 - 800) < 10 } && abs((tokens.last ?? 0) - 400) < 10, "\(tokens)")
    let look = sources.insight(over: 10, at: recorded.time, wallClock: recorded.time)
    let columns = try #require(look.latency.distributions.first { $0.metric == .ttft }).columns
    #expect(columns.count > 8)
    let next = sources.take([nil], over: 10, at: recorded.time + 1, wallClock: recorded.time + 1)
    #expect(next.history["tiny-moe"]?.count == 1)
  }

  @Test func `shows what it last scraped with its age, and strikes it from the sums`() throws {
    var sources = AttachedSources(prometheus: server, startedAt: recorded.time)
    let status = try application(
      sources.take([.success(recorded.told)], over: 10, at: recorded.time, wallClock: recorded.time))
    let lost = status.deployments[0].replicas[1]
    #expect(lost.stale && lost.running == .known(4) && lost.requestsPerSecond == .unknown)
    #expect(abs((lost.observedAgeSeconds.value ?? 0) - 5.5) < 1)
    #expect(status.metrics.running == .known(3) && status.status == .unhealthy)
    #expect(status.hints.map(\.title) == ["Prometheus has nothing new of 1 of 2 engines"])
    // Five minutes later nobody waits for it any more.
    let late = recorded.time + 300
    let next = [EngineKey: [TimedReading]](
      uniqueKeysWithValues: recorded.told.filter { $0.key.engine == "0" }.map { key, readings in
        (key, readings.map { TimedReading(time: $0.time + 300, reading: $0.reading) })
      })
    let later = try application(sources.take([.success(next)], over: 10, at: late, wallClock: late))
    #expect(later.deployments[0].replicas.map(\.id) == ["dp0"] && later.hints.isEmpty)
  }

  @Test func `is asked again and again for the same samples, and counts each once`() throws {
    var sources = AttachedSources(prometheus: server, startedAt: recorded.time)
    for second in 0..<3 {
      let now = recorded.time + Double(second) / 10
      _ = sources.take([.success(recorded.told)], over: 300, at: now, wallClock: now)
    }
    let now = recorded.time + 0.3
    let status = try application(sources.take([nil], over: 300, at: now, wallClock: now))
    #expect(abs((status.metrics.requestsPerSecond.value ?? .nan) - 4) < 0.1)
    #expect(status.metrics.ttftSeconds.count == 48, "what the first engine counted in twelve seconds")
  }

  /// Scrapes of an engine every 15 s that brings 30 requests each time.
  private func slow(_ times: [Double]) -> Told {
    let key = EngineKey(model: "m", instance: "a:1", engine: "0", process: "job")
    return [
      key: times.map { time in
        var reading = EngineReading()
        reading.counters[.requests] = time * 2
        reading.gauges[.running] = 1
        reading.latencies[.ttft] = BucketHistogram(
          bounds: [0.1, .infinity], cumulative: [time * 2, time * 2])
        return TimedReading(time: time, reading: reading)
      }
    ]
  }

  @Test func `is as new as it scrapes, and its rates are of as long a time`() throws {
    var sources = AttachedSources(prometheus: server, startedAt: 0)
    _ = sources.take([.success(slow([1000, 1015, 1030]))], over: 10, at: 1030, wallClock: 1030)
    for (time, isStale) in [(1045.0, false), (1053, false), (1054, true)] {
      let status = try application(sources.take([nil], over: 10, at: time, wallClock: time))
      #expect(status.deployments[0].replicas[0].stale == isStale, "\(time)")
      #expect(status.metrics.requestsPerSecond == (isStale ? .unknown : .known(2)))
      #expect(status.metrics.windowSeconds == (isStale ? 10 : 15))
    }
  }

  @Test func `spreads what a scrape brought over its time, each request once`() throws {
    var sources = AttachedSources(prometheus: server, startedAt: 0)
    _ = sources.take([.success(slow([1000, 1015]))], over: 10, at: 1015, wallClock: 1015)
    for second in 1...20 {
      let now = 1015 + Double(second)
      _ = sources.take([nil], over: 10, at: now, wallClock: now)
    }
    let look = sources.insight(over: 10, at: 1035, wallClock: 1035)
    let columns = try #require(look.latency.distributions.first { $0.metric == .ttft }).columns
    #expect(
      columns.map { $0.counts.reduce(0, +) } == Array(repeating: 2, count: 15), "\(columns.map(\.time))")
  }

  @Test func `keeps engines of several jobs and places apart`() throws {
    let keys = [("a:1", "x"), ("a:1", "y"), ("b:1", "x")].map { instance, job in
      EngineKey(model: "m", instance: instance, engine: "0", process: job)
    }
    var sources = AttachedSources(prometheus: server, startedAt: 0)
    let told = Told(
      uniqueKeysWithValues: keys.map { ($0, [TimedReading(time: 9, reading: EngineReading())]) })
    let status = try application(sources.take([.success(told)], over: 10, at: 9, wallClock: 9))
    #expect(status.deployments[0].replicas.map(\.id) == ["a:1/0.x", "b:1/0", "a:1/0.y"])
  }

  @Test func `is asked for every name that a page may have, and for no other`() throws {
    let names = try Regex(MetricName.pattern)
    for name in [
      "vllm:num_requests_running", "ray_vllm_request_success_total", "ray_vllm:kv_cache_usage_perc",
      "sglang:num_running_reqs", "vllm:time_to_first_token_seconds_bucket", "sglang:queue_time_seconds_sum",
    ] {
      #expect(try names.wholeMatch(in: name) != nil && MetricName.parse(name) != nil, "\(name)")
    }
    for name in [
      "vllm:iteration_tokens_total", "up", "vllm:time_to_first_token_seconds_count", "xvllm:num_requests",
    ] {
      #expect(try names.wholeMatch(in: name) == nil, "\(name)")
    }
    let chosen = try #require(PrometheusServer(url: "http://h/p/", selector: #"{job="a b"}"#))
    let url = chosen.samplesRequest(seconds: 30, nil).url
    #expect(url.hasPrefix("http://h/p/api/v1/query?query=%7B__name__%3D%7E%22%28ray_%29%3F%28vllm"))
    #expect(url.hasSuffix("%22%2Cjob%3D%22a%20b%22%7D%5B30s%5D"))
  }

  @Test(arguments: [
    (401, "", "http://prom:9090: HTTP 401; set DPDEPLOY_API_KEY to a token that may query it"),
    (
      404, "<html>",
      "http://prom:9090: HTTP 404, which is not Prometheus' API; give its URL, or metrics pages by --attach"
    ),
    (
      200, "{}",
      "http://prom:9090: HTTP 200, which is not Prometheus' API; give its URL, or metrics pages by --attach"
    ),
    (
      400, #"{"status":"error","errorType":"bad_data","error":"1:6: parse error"}"#,
      "http://prom:9090: 1:6: parse error"
    ),
  ])
  func `that refuses is told of in words`(status: Int, body: String, words: String) {
    let answer = Result<WebResponse, WebError>.success(WebResponse(status: status, body: Array(body.utf8)))
    #expect(server.read(clock: answer, samples: answer) == .failure(AttachError(words)))
  }
}

@Suite struct `A Prometheus server's URL` {
  @Test(arguments: [
    ("h:9090", "http://h:9090"), ("https://h/prometheus/", "https://h/prometheus"), ("http://h", "http://h"),
  ])
  func `may be given as short as users name it`(text: String, url: String) {
    #expect(PrometheusServer(url: text)?.url == url)
  }

  @Test(arguments: ["", "ftp://h", "a b", "http://h/?x=1"]) func `is refused when it is none`(text: String) {
    #expect(PrometheusServer(url: text) == nil)
  }

  @Test func `gives its place without name and password`() {
    #expect(AttachedURL.place("http://me:secret@h:9090/x") == "h:9090")
  }
}

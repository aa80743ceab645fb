import Randomness
import Telemetry
import Testing

@Suite struct `Prometheus text` {
  @Test func `a histogram is cumulative and ends in plus infinity`() {
    var histogram = Histogram(bounds: [0.5, 1])
    for value in [0.25, 0.75, 3] { histogram.observe(value) }
    var writer = PrometheusWriter()
    writer.family("vllm:x_seconds", .histogram, help: "A\nB.")
    writer.samples("vllm:x_seconds", MetricLabels(["engine": "0"]), histogram)
    let expected = """
      # HELP vllm:x_seconds A B.
      # TYPE vllm:x_seconds histogram
      vllm:x_seconds_bucket{engine="0",le="0.5"} 1
      vllm:x_seconds_bucket{engine="0",le="1.0"} 2
      vllm:x_seconds_bucket{engine="0",le="+Inf"} 3
      vllm:x_seconds_sum{engine="0"} 4.0
      vllm:x_seconds_count{engine="0"} 3

      """
    #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
  }

  @Test(arguments: ["", "plain", "a\\b", "say \"hi\"", "two\nlines", "a,b}c{=", "é\u{1F600}", "\\n"])
  func `a label value survives writing and reading`(value: String) throws {
    var writer = PrometheusWriter()
    writer.sample("m", MetricLabels(["a": value]).adding("b", "x"), 1.5)
    let sample = try #require(try PrometheusReader.samples(in: writer.bytes).first)
    #expect(sample[label: "a"] == value)
    #expect(sample[label: "b"] == "x")
    #expect(sample.value == 1.5)
  }

  @Test func `a page as vLLM prints it is read`() throws {
    let page = """
      # HELP vllm:num_requests_running Number of requests in model execution batches.
      # TYPE vllm:num_requests_running gauge
      vllm:num_requests_running{engine="1",model_name="tiny-moe"} 3.0
      vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="tiny-moe"} 12.0 1795481601000
      vllm:request_success_total{ engine = "0" , finished_reason="stop",} 1e3\r
      http_requests_total 7
      bare_nan NaN

      """
    let samples = try PrometheusReader.samples(in: page.utf8)
    #expect(samples.map(\.name).count == 5)
    #expect(samples[0][label: "engine"] == "1")
    #expect(samples[0].value == 3)
    #expect(samples[1][label: "le"] == "+Inf")
    #expect(samples[2].value == 1000)
    #expect(samples[3].labels.isEmpty)
    #expect(samples[4].value.isNaN)
    let wanted = try PrometheusReader.samples(in: page.utf8) { $0.hasPrefix("http_") }
    #expect(wanted.map(\.value) == [7])
  }

  @Test(arguments: [
    "m{a=\"x} 1", "m{a=x} 1", "m{a} 1", "m{a=\"x\" b=\"y\"} 1", "m one", "{a=\"b\"} 1", "m{a=\"x\"}", "m",
  ])
  func `a malformed line is told by its number`(line: String) {
    #expect { try PrometheusReader.samples(in: "ok 1\n\(line)\n".utf8) } throws: { error in
      (error as? PrometheusError)?.line == 2
    }
  }

  @Test(arguments: [21, 22, 23, 24] as [UInt64])
  func `noise never traps`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let alphabet = Array("m{}=\"\\, \n1e+#.é".utf8)
    for _ in 0..<2000 {
      let page = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      _ = try? PrometheusReader.samples(in: page)
    }
  }
}

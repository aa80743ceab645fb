import Telemetry

/// How fast the text of a metrics page is read: a page as an engine of vLLM writes it, every line wanted.
@main
enum MetricsPage {
  static func main() throws {
    let page = Array(text(engines: 8).utf8)
    var best = Double.infinity
    var samples = 0
    for _ in 0..<30 {
      var read: [PrometheusSample] = []
      let time = try ContinuousClock().measure { read = try PrometheusReader.samples(in: page) }
      samples = read.count
      best = min(best, time / .seconds(1))
    }
    let rate = (Double(page.count) / best / 1e6).rounded()
    print(
      "BENCH name=parse_mb_per_s value=\(rate) unit=MB/s bar=>=200 bytes=\(page.count) samples=\(samples)")
  }

  /// The series that matter for size: histograms of many buckets, a label for the model and one for the engine.
  private static func text(engines: Int) -> String {
    let histograms = [
      "time_to_first_token_seconds", "inter_token_latency_seconds", "e2e_request_latency_seconds",
      "request_queue_time_seconds", "request_prefill_time_seconds", "request_decode_time_seconds",
      "request_prompt_tokens", "request_generation_tokens", "request_params_max_tokens",
      "iteration_tokens_total",
    ]
    let counters = ["prompt_tokens_total", "generation_tokens_total", "num_preemptions_total"]
    let gauges = ["num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"]
    var lines: [String] = []
    for name in histograms {
      lines += ["# HELP vllm:\(name) Histogram of \(name).", "# TYPE vllm:\(name) histogram"]
      for engine in 0..<engines { lines += histogram(name, engine) }
    }
    for name in counters + gauges {
      lines.append("# TYPE vllm:\(name) \(counters.contains(name) ? "counter" : "gauge")")
      for engine in 0..<engines {
        lines.append(
          #"vllm:\#(name){engine="\#(engine)",model_name="deepseek-ai/DeepSeek-V3"} \#(engine * 917).0"#)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func histogram(_ name: String, _ engine: Int) -> [String] {
    let bounds = [
      "0.001", "0.005", "0.01", "0.02", "0.04", "0.06", "0.08", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5",
      "5.0",
      "7.5", "10.0", "20.0", "40.0", "80.0", "+Inf",
    ]
    let model = #"model_name="deepseek-ai/DeepSeek-V3""#
    return bounds.enumerated().map { index, bound in
      #"vllm:\#(name)_bucket{engine="\#(engine)",le="\#(bound)",\#(model)} \#(index * 12_345).0"#
    } + [
      #"vllm:\#(name)_count{engine="\#(engine)",\#(model)} 234567.0"#,
      #"vllm:\#(name)_sum{engine="\#(engine)",\#(model)} 46913.578125000005"#,
    ]
  }
}

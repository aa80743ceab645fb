import Attachment
import Glibc
import HTTP
import JSON
import Platform
import Ray
import RayClient

/// What one look at a cluster costs the controller: Serve's details, the state API's lists, and a megabyte of metrics.
///
/// A process of its own answers with what Ray 2.60 was recorded to say, so that only the asking is counted.
@main @Loop
enum RayPoll {
  private static let samples = "Tests/RayTests/Samples/"
  private static let looks = 50

  static func main() async throws {
    let words = CommandLine.arguments
    guard words.count == 3, words[1] == "serve", let port = UInt16(words[2]) else {
      return try await measure()
    }
    try await serve(at: port)
  }

  private static func measure() async throws {
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    let port = Listener.port(of: socket) ?? 0
    let answers = try ChildProcess(
      Command("\(Executable.directory ?? ".")/RayPoll", ["serve", "\(port)"], descriptors: []))
    _ = consume socket
    defer { answers.send(SIGKILL) }
    let cluster = RayCluster(address: "http://127.0.0.1:\(port)", token: ClusterToken(file: "/nowhere"))
    let reader = RayMetricsReader()
    for _ in 0..<200 where (try? await cluster.version()) == nil {
      await Loop.sleep(for: .milliseconds(50))
    }
    try await look(cluster, reader)
    let (status, metrics) = (
      try await cost { try await state(of: cluster) }, try await cost { try await look(cluster, reader) }
    )
    print("BENCH name=ray_status_poll_cpu value=\(status) unit=ms")
    print("BENCH name=ray_status_poll_cpu_1mb value=\(metrics) unit=ms bar=<=15 bytes=\(try page.utf8.count)")
  }

  /// Processor time of a call, in milliseconds, in the mean.
  private static func cost(_ call: () async throws -> Void) async throws -> Double {
    let before = used
    for _ in 0..<looks { try await call() }
    return ((used - before) / Double(looks) * 100).rounded() / 100
  }

  private static func look(_ cluster: RayCluster, _ reader: RayMetricsReader) async throws {
    try await state(of: cluster)
    let (pages, problem) = try await reader.pages(of: cluster, until: .after(.seconds(10)))
    guard problem == nil, pages.first?.engines.engines.count == 16 else {
      fatalError(problem ?? "a page is lost")
    }
  }

  private static func state(of cluster: RayCluster) async throws {
    _ = try await cluster.details()
    _ = try await cluster.actors()
    _ = try await cluster.placementGroups()
    _ = try await cluster.nodes()
  }

  private static var used: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
  }

  private static func serve(at port: UInt16) async throws {
    func recorded(_ name: String) throws -> [UInt8] { try FileContent.bytes(of: samples + name) }
    let answers = [
      "/api/version": Array(#"{"ray_version":"2.60.0"}"#.utf8),
      "/api/serve/applications/": try recorded("applications_gang8.json"),
      "/api/v0/actors": try recorded("actors_pending.json"),
      "/api/v0/placement_groups": try recorded("placement_gang8.json"),
      "/api/v0/nodes": try recorded("nodes.json"),
      "/api/prometheus/sd": Array(#"[{"labels":{},"targets":["127.0.0.1:\#(port)"]}]"#.utf8),
      "/metrics": Array(try page.utf8),
    ]
    let listener = try Listener(Listener.open(.tcp(host: "127.0.0.1", port: port)))
    let server = HTTPServer(listener) { exchange in
      let path = String(exchange.head.path.prefix { $0 != "?" })
      await exchange.respond(answers[path] == nil ? 404 : 200, body: answers[path] ?? [])
    }
    await server.run()
  }

  /// A megabyte: the recorded page once for each of many workers, and what sixteen ranks of vLLM tell through Ray.
  private static var page: String {
    get throws {
      let recorded = try FileContent.text(of: samples + "metrics_serve.prom")
      var text = (0..<16).map(engine).joined()
      var worker = 0
      while text.utf8.count < 1_000_000 {
        text += recorded.replacing("WorkerId=\"", with: "WorkerId=\"\(worker)")
        worker += 1
      }
      return text
    }
  }

  private static func engine(_ rank: Int) -> String {
    let labels = #"ReplicaId="r\#(rank)",WorkerId="w\#(rank)",engine="0",model_name="m""#
    let histograms = [
      "time_to_first_token_seconds", "request_time_per_output_token_seconds", "e2e_request_latency_seconds",
    ]
    let bounds = [
      "0.001", "0.005", "0.01", "0.02", "0.04", "0.08", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "+Inf",
    ]
    return histograms.flatMap { name in
      bounds.map { "ray_vllm_\(name)_bucket{\(labels),le=\"\($0)\"} 12\n" }
        + ["ray_vllm_\(name)_sum{\(labels)} 1.5\n", "ray_vllm_\(name)_count{\(labels)} 12\n"]
    }.joined()
      + ["generation_tokens_total", "num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"]
      .map { "ray_vllm_\($0){\(labels)} 1.0\n" }.joined()
  }
}

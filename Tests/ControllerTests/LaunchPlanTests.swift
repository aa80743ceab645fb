import ControlAPI
import Manifest
import Supervision
import Testing

@testable import Controller
@testable import Deployment

@Suite struct `A launch plan` {
  private func spec(_ fields: String, _ sections: String = "") throws -> ApplicationSpec {
    let text = """
      apiVersion: dpdeploy/v1
      name: demo
      llm_config:
        model_loading_config: {model_id: org/toy.1, model_source: toy}
        engine_kwargs: {data_parallel_size: 4, max_num_seqs: 32, max_model_len: 512\(fields)}
        experimental_configs: {dp_size_per_node: 2}
        runtime_env: {env_vars: {NCCL_DEBUG: WARN}}
      \(sections)
      """
    let reading = Manifest.read(ManifestSource(name: "demo.yaml", text: text))
    return ApplicationSpec(try #require(reading.manifest), modelFolder: "/models/toy")
  }

  @Test func `says to every rank what the manifest says, in vLLM's words`() throws {
    let spec = try spec(
      ", enable_prefix_caching: false, enable_chunked_prefill: false, scheduling_policy: priority"
        + ", expert_placement_strategy: round_robin")
    #expect(!spec.engine.arguments.contains("--enable-eplb"))
    #expect(spec.serverName == "DPServer:org--toy_1")
    #expect(spec.engine.size == 4 && spec.engine.sizePerNode == 2 && spec.engine.capacity == 32)
    #expect(spec.engine.environment == ["NCCL_DEBUG=WARN"])
    let words = spec.engine.arguments.joined(separator: " ")
    for part in [
      "--model /models/toy", "--served-model-name org/toy.1", "--max-num-seqs 32", "--max-model-len 512",
      "--no-enable-prefix-caching", "--enable-expert-parallel", "--no-enable-chunked-prefill",
      "--scheduling-policy priority",
      "--expert-placement-strategy round_robin",
    ] { #expect(words.contains(part), "\(part) in \(words)") }
  }

  @Test func `says how experts move, when they do`() throws {
    let words = try spec(", enable_eplb: true, eplb_config: {step_interval: 500, num_redundant_experts: 8}")
      .engine.arguments.joined(separator: " ")
    let config =
      #"{"window_size":1000,"step_interval":500,"num_redundant_experts":8,"log_balancedness":false}"#
    #expect(words.contains("--enable-eplb --eplb-config " + config), "\(words)")
  }

  @Test func `says how rows travel, and where the ranks stand`() throws {
    let spec = try spec(
      ", all2all_backend: naive, enable_dbo: true, dbo_decode_token_threshold: 8",
      "cluster: {links: {inter: {latency_us: 50, gbps: 100}, 2-3: down}}")
    let words = spec.engine.arguments.joined(separator: " ")
    for part in [
      "--all2all-backend naive",
      "--enable-dbo --dbo-decode-token-threshold 8 --dbo-prefill-token-threshold 512",
      #"--links {"inter":{"latency_us":50,"gbps":100},"2-3":"down"}"#,
    ] { #expect(words.contains(part), "\(part) in \(words)") }
    let plan = LaunchPlan(
      directory: RunDirectory(home: HomeDirectory(path: "/h"), application: "demo"),
      tools: ToolPaths(engine: "/bin/e", ingress: "/bin/i", models: []), home: "cafe", application: "demo")
    let (_, effects) = try Application.begin(spec, revision: 1, at: .zero)
    guard case .launchGroup(let launch) = effects[0] else {
      Issue.record("the group comes first")
      return
    }
    let rank = plan.rank(3, of: launch, totalRanks: 4, segment: 9)
    #expect(rank.arguments.suffix(2) == ["--nodes", "0,0,1,1"])
  }

  @Test func `gives each rank its own place, socket, page, log and token`() throws {
    let plan = LaunchPlan(
      directory: RunDirectory(home: HomeDirectory(path: "/h"), application: "demo"),
      tools: ToolPaths(engine: "/bin/e", ingress: "/bin/i", models: []), home: "cafe", application: "demo")
    let (_, effects) = try Application.begin(try spec(""), revision: 1, at: .zero)
    guard case .launchGroup(let launch) = effects[0] else {
      Issue.record("the group comes first")
      return
    }
    let rank = plan.rank(3, of: launch, totalRanks: 4, segment: 9)
    let words = rank.arguments.joined(separator: " ")
    #expect(
      words.contains("--uds /h/run/demo/r3.e1.sock --data-parallel-size 4 --data-parallel-rank 3 --epoch 1"))
    #expect(words.contains("--stats-page /h/run/demo/r3.e1.stats"))
    #expect(rank.logPath == "/h/logs/demo/0-3.e1.log")
    #expect(rank.token.description.hasPrefix("cafe:demo:rank:0-3:1:"))
    #expect(rank.environment.contains("OPENBLAS_NUM_THREADS=1"))
    #expect(rank.descriptors.map(\.ours) == [9])
  }

  @Test(arguments: [(1, 8), (6, 8), (7, 16), (64, 128), (103, 256)])
  func `leaves room on the load board for replicas and their surge`(count: Int, rows: Int) {
    #expect(ApplicationSpec.boardRows(for: count) == rows)
  }

  @Test func `tells limits as the deployment's, not a replica's`() throws {
    let text = """
      apiVersion: dpdeploy/v1
      name: demo
      llm_config:
        model_loading_config: {model_id: toy, model_source: toy}
        engine_kwargs: {max_num_seqs: 32}
        deployment_config: {max_ongoing_requests: 12}
      ingress_deployment_config: {num_replicas: 3, max_ongoing_requests: 5}
      ingress: {max_queued_requests: 100}
      """
    let reading = Manifest.read(ManifestSource(name: "demo.yaml", text: text))
    let spec = ApplicationSpec(try #require(reading.manifest), modelFolder: "/models/toy")
    let words = spec.ingress.arguments.joined(separator: " ")
    for part in ["--max-queued-requests 100", "--max-ongoing-requests 15"] {
      #expect(words.contains(part), "\(words)")
    }
    #expect(spec.engine.capacity == 12)
  }

  @Test func `refuses a home whose sockets would have too long paths`() {
    let long = HomeDirectory(path: "/tmp/" + String(repeating: "x", count: 100))
    let error = #expect(throws: ControlError.self) {
      try RunDirectory(home: long, application: "demo").create()
    }
    #expect(error?.code == "path-too-long")
  }
}

import Manifest
import Testing

@testable import Interchange

@Suite struct `Ranks as servers of their own` {
  @Test func `stand in blocks, meet at their group's first node and take their devices`() throws {
    let made = try manifest("", arguments: "tensor_parallel_size: 2")
    let plan = try #require(ServePlan.make(made).plan)
    #expect(plan.nodes == 2 && plan.ranks.map(\.node) == [0, 0, 1, 1])
    #expect(plan.ranks.map(\.devices) == ["0,1", "2,3", "0,1", "2,3"])
    #expect(plan.ranks.map(\.port) == [8001, 8002, 8001, 8002])
    #expect(
      plan.ranks[3].arguments == [
        "--host", "0.0.0.0", "--port", "8002", "--data-parallel-size", "4", "--data-parallel-rank", "3",
        "--data-parallel-external-lb", "--data-parallel-address", "node-0", "--data-parallel-rpc-port",
        "29550",
      ])
  }

  @Test func `of several groups have names, ports and meeting points of their own`() throws {
    let made = try manifest(
      of: """
        name: app
        llm_config:
          model_loading_config: {model_id: moe}
          engine_kwargs: {data_parallel_size: 2}
          deployment_config: {num_replicas: 2}
        cluster: {nodes: 1, devices: 4}
        """)
    let plan = try #require(ServePlan.make(made).plan)
    #expect(plan.ranks.map(\.name) == ["g0-dp0", "g0-dp1", "g1-dp0", "g1-dp1"])
    #expect(plan.ranks.map(\.port) == [8001, 8002, 8003, 8004] && plan.ranks[3].devices == "3")
    #expect(
      plan.ranks[2].arguments.suffix(4) == [
        "--data-parallel-address", "127.0.0.1", "--data-parallel-rpc-port", "29551",
      ])
  }

  @Test func `end what they have begun when told to stop, where the release can`() throws {
    let new = try manifest("rollout: {drain_timeout_s: 45}")
    #expect(try #require(ServePlan.make(new).plan).arguments.suffix(2) == ["--shutdown-timeout", "45"])
    let old = try manifest("engine_options: {version: \"0.14\"}")
    #expect(try #require(ServePlan.make(old).plan).arguments.contains("--shutdown-timeout") == false)
  }

  @Test func `need as many devices as they are`() throws {
    let made = try manifest("", variables: "CUDA_VISIBLE_DEVICES: \"4\"")
    let (plan, remarks) = ServePlan.make(made)
    #expect(plan == nil && remarks.last?.code == .doesNotFit && remarks.last?.span?.line == 9, "\(remarks)")
  }

  @Test(arguments: [ExportTarget.vllm, .systemd, .compose])
  func `never show a secret, and say where it is to be given`(target: ExportTarget) throws {
    let made = try manifest("", arguments: "hf_token: hush", variables: "MY_KEY: hush")
    let rendition = Rendition(of: made, as: target)
    let all = rendition.files.map(\.text).joined()
    #expect(!all.contains("hush") && all.contains("MY_KEY") && all.contains("HF_TOKEN"))
  }

  @Test func `are chosen from by the manifest's policy, as many requests as they have room for`() throws {
    let made = try manifest("ingress: {policy: power_of_two, port: 9000, max_queue_wait_s: 2.5}")
    let proxy = try text(Rendition(of: made, as: .vllm), ".cfg")
    #expect(proxy.contains("balance random(2)\n") && proxy.contains("timeout queue 2500ms\n"))
    #expect(proxy.contains("bind 127.0.0.1:9000\n"))
    #expect(proxy.contains("server dp3 node-1:9002 check inter 1s fall 1 rise 1 maxconn 64\n"))
  }
}

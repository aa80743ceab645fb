import ControlAPI
import History
import RayClient
import Testing

@testable import Controller

@Suite struct `A meter of a Ray application` {
  private func page(_ text: String) -> RayMetricsPage {
    var page = RayMetricsPage()
    _ = Array((text + "\n").utf8).withUnsafeBytes { page.take($0) }
    return page
  }

  private func rank(_ number: Int, node: String) -> ReplicaStatus {
    var rank = ReplicaStatus(id: "dp\(number)", role: .rank, state: .running)
    (rank.group, rank.rank, rank.node) = (0, number, node)
    return rank
  }

  private func gpus(_ node: String, _ use: [Double]) -> String {
    use.enumerated().map {
      #"ray_node_gpus_utilization{GpuIndex="\#($0.offset)",ip="\#(node)"} \#($0.element)"#
    }.joined(separator: "\n")
  }

  @Test func `tells the ranks of a block apart, and finds a replica by its worker`() {
    var meter = RayMeter()
    func text(_ tokens: Int) -> String {
      """
      ray_vllm_generation_tokens_total{ReplicaId="block",engine="0",model_name="m"} \(tokens)
      ray_vllm_generation_tokens_total{ReplicaId="block",engine="1",model_name="m"} \(3 * tokens)
      ray_vllm_generation_tokens_total{ReplicaId="other",engine="0",model_name="m"} \(99 * tokens)
      ray_vllm_num_requests_running{WorkerId="w7",engine="0",model_name="m"} 5
      ray_serve_replica_processing_queries{WorkerId="w7",replica="seven"} 6
      """
    }
    let own: Set = ["block", "seven"]
    meter.take([page(text(0))], of: own, at: 100, wallClock: 1000)
    meter.take([page(text(50))], of: own, at: 105, wallClock: 1005)
    var ranks = [rank(0, node: "a"), rank(1, node: "a")]
    for index in ranks.indices { meter.describe(&ranks[index], "block", isBlock: true, at: 106) }
    #expect(ranks.map(\.generationTokensPerSecond) == [.known(10), .known(30)])
    #expect(ranks[0].running == .unknown && ranks[0].ttftP50Seconds == .unknown)
    meter.describe(&ranks[0], "seven", isBlock: false, at: 106)
    #expect(ranks[0].running == .known(5))
    #expect(meter.metrics(over: 10, at: 106).generationTokensPerSecond == .known(40))
    #expect(meter.metrics(over: 10, at: 106).windowSeconds == 30)
    #expect(meter.point(at: 106, wallClock: 1006).generationTokensPerSecond == 40)
    #expect(meter.sample(of: "block", rank: 1, at: 106)?[.generationTokens] == 150)
    // Three readings that did not come: nothing is known any more.
    #expect(meter.metrics(over: 10, at: 121).generationTokensPerSecond == .unknown)
    #expect(meter.sample(at: 121) == nil)
  }

  @Test func `gives ranks their GPUs only where these are all of a node's`() {
    var meter = RayMeter()
    meter.take(
      [page(gpus("a", [10, 20, 30, 40])), page(gpus("b", [50, 60, 70]))], of: [], at: 10, wallClock: 10)
    func use(_ ranks: [ReplicaStatus], _ devices: Int, at now: Double = 11) -> [Double?] {
      var ranks = ranks
      meter.describeGPUs(&ranks, devicesPerRank: devices, at: now)
      #expect(
        ranks.allSatisfy { ($0.utilizationSource?.value == "ray") == ($0.gpuUtilizationRatio?.value != nil) })
      return ranks.map { $0.gpuUtilizationRatio?.value.map { ($0 * 100).rounded() } }
    }
    let ranks = [rank(1, node: "a"), rank(0, node: "a"), rank(2, node: "b"), rank(3, node: "c")]
    #expect(use(ranks, 2) == [35, 15, nil, nil])
    #expect(use(ranks, 1) == [nil, nil, nil, nil])
    #expect(use(ranks, 3) == [nil, nil, 60, nil])
    #expect(use(ranks, 2, at: 26) == [nil, nil, nil, nil])
  }
}

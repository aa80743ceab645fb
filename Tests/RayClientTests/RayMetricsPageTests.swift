import Attachment
import ControlAPI
import FoundationEssentials
import Testing

@testable import RayClient

@Suite struct `A cluster's page of metrics` {
  private func page(_ text: String, piece: Int = 16 << 10) -> RayMetricsPage {
    var page = RayMetricsPage()
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: piece) {
      let isTaken = bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { page.take($0) }
      guard isTaken else { break }
    }
    return page
  }

  private var recorded: String {
    get throws {
      let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      return try String(
        decoding: Data(contentsOf: tests.appending(path: "RayTests/Samples/metrics_serve.prom")),
        as: UTF8.self)
    }
  }

  @Test func `of Ray 2.60 tells what each replica does, and whose worker is whose`() throws {
    let page = page(try recorded, piece: 1000)
    #expect(page.problem == nil && page.engines.engines.isEmpty && page.utilization.isEmpty)
    #expect(page.replicas["ubnvumpb"]?.running == 0)
    #expect(page.replicas["4ed9acin"]?.requests == 1)
    #expect(
      page.replicaOfWorker["2562ebbaa36f1863fc2a73bc73fa91fc12b08038aea9bc878d0f3ead"] == "ubnvumpb")
  }

  @Test func `tells of engines and GPUs`() {
    let page = page(
      """
      ray_vllm_num_requests_running{ReplicaId="r1",WorkerId="w",engine="0",model_name="m"} 3
      ray_node_gpus_utilization{GpuDeviceName="H100",GpuIndex="1",SessionName="s",ip="10.0.0.1"} 37.5
      ray_node_gpus_utilization{GpuIndex="0",ip="10.0.0.1"} 0.0
      ray_node_gpus_utilization{ip="10.0.0.1"} 50.0

      """)
    #expect(page.engines.engines.keys.map(\.process) == ["r1"])
    #expect(
      page.utilization == [
        .init(node: "10.0.0.1", index: 1): 0.375, .init(node: "10.0.0.1", index: 0): 0,
      ])
  }

  @Test func `that is none is read up to there, and says where`() {
    let page = page("ray_vllm_num_requests_running 1\nray_vllm_num_requests_running one\n")
    #expect(page.problem?.contains("line 2") == true, "\(String(describing: page.problem))")
  }
}

import ControlAPI
import Testing

@testable import Attachment

@Suite struct `Devices of attached engines` {
  /// Two servers on this machine: 100, with engines 101 and 102 of two ranks, and 200, which computes itself.
  private static let processes = DeviceMatches.Processes(
    listener: { [8000: 100, 8001: 200][$0] }, parent: { [101: 100, 102: 100, 300: 1][$0] },
    title: { [101: "VLLM::EngineCore_DP1", 102: "VLLM::EngineCore_DP10"][$0] })

  private func machine(_ holders: [Int32], busy: Double? = 0.8) -> MachineStatus {
    MachineStatus(
      name: "here",
      devices: holders.enumerated().map { index, pid in
        var device = DeviceStatus(index: index, source: .nvml)
        device.utilizationRatio = Known(busy)
        device.processes = .known([DeviceProcess(pid: pid, memoryBytes: .unknown)])
        return device
      })
  }

  private func application(_ ranks: [(id: String, rank: Int, place: String)]) -> ApplicationStatus {
    let replicas = ranks.map { rank in
      var replica = ReplicaStatus(id: rank.id, role: .rank, state: .running)
      (replica.rank, replica.node) = (rank.rank, rank.place)
      return replica
    }
    return ApplicationStatus(
      name: "m", status: .running, message: "", revision: 0, endpoint: .unknown, modelId: "m",
      manifestPath: nil,
      createdAt: "",
      deployments: [
        DeploymentStatus(
          name: "DPServer:m", status: .healthy, statusTrigger: .unspecified, message: "", targetReplicas: 1,
          replicas: replicas)
      ], metrics: ApplicationMetrics(windowSeconds: 10), hints: [])
  }

  private func match(_ ranks: [(id: String, rank: Int, place: String)], _ machine: MachineStatus) -> (
    ranks: [ReplicaStatus], machine: MachineStatus
  ) {
    var matches = DeviceMatches(Self.processes)
    var applications = [application(ranks)]
    let machines = matches.fill(&applications, from: [machine])
    return (applications[0].deployments[0].replicas, machines[0])
  }

  @Test func `are those of the processes that descend from who listens on the port`() {
    let (ranks, machine) = match(
      [("dp0", 0, "localhost:8000"), ("a", 0, "here:8001"), ("b", 0, "elsewhere:8001")],
      machine([101, 200, 300]))
    #expect(ranks.map(\.devices) == [[0], [1], nil])
    #expect(ranks[0].gpuUtilizationRatio == .known(0.8) && ranks[0].utilizationSource == .known("nvml"))
    #expect(ranks[2].gpuUtilizationRatio == .unknown && ranks[2].utilizationSource == .unknown)
    #expect(machine.devices.map { $0.processes.value?.first?.replica } == ["dp0", "a", nil])
  }

  @Test func `are told apart by their names where several ranks are behind one port`() {
    let (ranks, _) = match(
      [("dp1", 1, "127.0.0.1:8000"), ("dp10", 10, "127.0.0.1:8000")], machine([102, 101]))
    #expect(ranks.map(\.devices) == [[1], [0]])
  }

  @Test func `tell no utilisation that the device does not`() {
    let (ranks, _) = match([("dp0", 0, "localhost:8000")], machine([101], busy: nil))
    #expect(ranks[0].devices == [0] && ranks[0].gpuUtilizationRatio == .unknown)
  }
}

import Deployment
import Supervision
import VLLM

extension LaunchPlan {
  /// One `vllm serve` of a group.
  ///
  /// - Parameters:
  ///   - port: where the group's ranks meet.
  ///   - place: the rank's place among all ranks of this machine, which decides its devices.
  /// - Returns: nil when the manifest names too few devices.
  func vllmRank(_ rank: Int, of launch: GroupLaunch, _ program: VLLMProgram, port: Int, place: Int)
    -> LaunchSpec?
  {
    let life = RankPlace(group: launch.group, rank: rank, epoch: launch.epoch)
    guard let devices = program.visibleDevices(place: place) else { return nil }
    return LaunchSpec(
      executable: program.executable,
      arguments: launch.engine.arguments
        + ServeCommand.socketArguments(
          ServerPlace(rank, of: launch.engine.size, engines: program.engines),
          socket: directory.rankSocket(life), rendezvousPort: port),
      environment: launch.engine.environment + messageFolder(launch.engine) + [
        "CUDA_VISIBLE_DEVICES=\(devices)"
      ],
      logPath: directory.rankLog(life),
      token: ProcessToken(
        home: home, application: application, role: "rank", index: "\(launch.group)-\(rank)",
        epoch: launch.epoch))
  }

  /// Has vLLM's processes meet where a delete removes all: sockets of those that die hard stay, elsewhere for ever.
  private func messageFolder(_ engine: EngineSpec) -> [String] {
    let name = "VLLM_RPC_BASE_PATH"
    // It names its sockets by UUIDs.
    guard directory.run.utf8.count + 37 <= RunDirectory.longestSocketPath,
      !engine.environment.contains(where: { $0.hasPrefix(name + "=") })
    else { return [] }
    return ["\(name)=\(directory.run)"]
  }

  /// The place of a rank among all of this machine: virtual nodes are parts of it, one after the other.
  ///
  /// - Parameters:
  ///   - nodes: the nodes of the ranks of its group.
  ///   - before: those of the ranks of groups with lower numbers.
  static func place(of rank: Int, on nodes: [Int], devicesPerNode: Int, before: [Int]) -> Int {
    let node = nodes[rank]
    return node * devicesPerNode + before.count { $0 == node } + nodes[..<rank].count { $0 == node }
  }
}

extension VLLMProgram {
  /// `CUDA_VISIBLE_DEVICES` of the rank that is the `place`-th on its machine; nil when too few devices are named.
  func visibleDevices(place: Int) -> String? {
    ServeCommand.visibleDevices(place: place, perRank: devicesPerRank * engines, of: devices)
  }
}

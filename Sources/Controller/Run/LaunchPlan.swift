import Deployment
import Platform
import Supervision

/// The command lines and environments of an application's processes.
struct LaunchPlan: Sendable {
  let directory: RunDirectory
  let tools: ToolPaths
  /// The hash of the home directory, for tokens.
  let home: String
  let application: String

  /// The number under which a rank sees its group's shared segment.
  static let groupDescriptor: Int32 = 3
  /// The number under which an ingress replica sees the listening socket.
  static let listenDescriptor: Int32 = 3
  /// The number under which an ingress replica sees the load board.
  static let boardDescriptor: Int32 = 4

  func rank(_ rank: Int, of launch: GroupLaunch, totalRanks: Int, segment: Int32) -> LaunchSpec {
    let place = RankPlace(group: launch.group, rank: rank, epoch: launch.epoch)
    let arguments =
      launch.engine.arguments + [
        "--uds", directory.rankSocket(place), "--data-parallel-size", "\(launch.engine.size)",
        "--data-parallel-rank", "\(rank)", "--epoch", "\(launch.life)", "--group-fd",
        "\(Self.groupDescriptor)", "--stats-page", directory.rankPage(place),
      ] + Self.nodes(launch.nodes)
    return LaunchSpec(
      executable: tools.engine, arguments: arguments,
      environment: Self.mathEnvironment(totalRanks: totalRanks) + launch.engine.environment,
      descriptors: [(segment, Self.groupDescriptor)], logPath: directory.rankLog(place),
      token: ProcessToken(
        home: home, application: application, role: "rank", index: "\(launch.group)-\(rank)",
        epoch: launch.epoch))
  }

  /// Where the ranks stand, when that is not all on one node.
  private static func nodes(_ nodes: [Int]) -> [String] {
    Set(nodes).count > 1 ? ["--nodes", nodes.map(String.init).joined(separator: ",")] : []
  }

  func ingress(
    _ launch: IngressLaunch, drainTimeout: Duration, listener: Int32, board: Int32
  ) -> LaunchSpec {
    let arguments =
      launch.ingress.arguments + [
        "--listen-fd", "\(Self.listenDescriptor)", "--board-fd", "\(Self.boardDescriptor)", "--admin-uds",
        directory.ingressSocket(launch.index), "--stats-page",
        directory.ingressPage(launch.index, life: launch.life), "--replica", "\(launch.index)",
        "--replicas-max", "\(launch.ingress.boardRows)",
        "--drain-timeout-s", "\(drainTimeout.inSeconds)",
      ]
    return LaunchSpec(
      executable: tools.ingress, arguments: arguments,
      descriptors: [(listener, Self.listenDescriptor), (board, Self.boardDescriptor)],
      logPath: directory.ingressLog(launch.index),
      token: ProcessToken(
        home: home, application: application, role: "ingress", index: "\(launch.index)", epoch: launch.life))
  }

  /// Ranks share the processors, so OpenBLAS gets its part of them only; Debian's build does not know new AVX-512
  /// processors and must be told.
  static func mathEnvironment(totalRanks: Int) -> [String] {
    let threads = max(1, Processor.count / max(1, totalRanks))
    return ["OPENBLAS_NUM_THREADS=\(threads)"] + (Processor.hasAVX512 ? ["OPENBLAS_CORETYPE=SkylakeX"] : [])
  }
}

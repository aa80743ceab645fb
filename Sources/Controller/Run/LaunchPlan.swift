import Deployment
import HAProxy
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
  /// The number under which whoever accepts clients sees the listening socket.
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
    _ launch: IngressLaunch, drainTimeout: Duration, listener: Int32?, board: Int32
  ) -> LaunchSpec {
    let clients =
      listener == nil
      ? ["--listen-uds", directory.ingressClients(launch.index)]
      : ["--listen-fd", "\(Self.listenDescriptor)"]
    let arguments =
      launch.ingress.arguments + clients + [
        "--board-fd", "\(Self.boardDescriptor)", "--admin-uds",
        directory.ingressSocket(launch.index), "--stats-page",
        directory.ingressPage(launch.index, life: launch.life), "--replica", "\(launch.index)",
        "--replicas-max", "\(launch.ingress.boardRows)",
        "--drain-timeout-s", "\(drainTimeout.inSeconds)",
      ]
    return LaunchSpec(
      executable: tools.ingress, arguments: arguments,
      descriptors: [(board, Self.boardDescriptor)]
        + [listener].compactMap(\.self).map { ($0, Self.listenDescriptor) },
      logPath: directory.ingressLog(launch.index),
      token: ProcessToken(
        home: home, application: application, role: "ingress", index: "\(launch.index)", epoch: launch.life))
  }

  /// HAProxy in the foreground, as one process: its successor gets the same listening socket, so nothing is handed over.
  func front(_ launch: IngressLaunch, _ front: FrontSpec, listener: Int32) -> LaunchSpec {
    LaunchSpec(
      executable: front.executable, arguments: ["-db", "-f", directory.frontConfiguration(launch.index)],
      descriptors: [(listener, Self.listenDescriptor)], logPath: directory.frontLog(launch.index),
      token: ProcessToken(
        home: home, application: application, role: "front", index: "\(launch.index)", epoch: launch.life))
  }

  /// Where that HAProxy finds everything.
  func frontPaths(_ index: Int) -> FrontPaths {
    FrontPaths(
      listenDescriptor: Self.listenDescriptor, runtimeSocket: directory.frontSocket(index),
      certificate: directory.frontCertificate(index), slotSocket: { directory.ingressClients($0) })
  }

  /// Ranks share the processors, so OpenBLAS gets its part of them only; Debian's build does not know new AVX-512
  /// processors and must be told.
  static func mathEnvironment(totalRanks: Int) -> [String] {
    let threads = max(1, Processor.count / max(1, totalRanks))
    return ["OPENBLAS_NUM_THREADS=\(threads)"] + (Processor.hasAVX512 ? ["OPENBLAS_CORETYPE=SkylakeX"] : [])
  }
}

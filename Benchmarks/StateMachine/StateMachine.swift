import ControlAPI
import Deployment
// Its rounding needs the C library of mathematics, which this brings.
import Glibc

/// How long the state machine of an application takes for one piece of news: a thousand replicas that run.
@main
enum StateMachine {
  private static let (groups, size, ingress) = (26, 36, 64)

  static func main() throws {
    var (state, effects) = try Application.begin(spec, revision: 1, at: .zero)
    while !effects.isEmpty { effects = effects.flatMap { answer($0, &state) } }
    guard state.status == .running else { throw NotRunning() }
    let news: [(name: String, news: [News])] = [
      ("tick", Array(repeating: .tick, count: 200)),
      ("load", Array(repeating: .ingressLoad([:]), count: 200)),
      ("progress", (0..<200).map { .rank(.progressed(.ready, 0), group: 0, rank: $0 % size, epoch: 1) }),
      (
        "death",
        (0..<groups).map { .rank(.ended(.signalled(9), lastLine: nil), group: $0, rank: 3, epoch: 1) }
      ),
    ]
    for (name, news) in news {
      let times = news.map { news in
        ContinuousClock().measure { _ = state.handle(news, at: .seconds(60)) } / .microseconds(1)
      }.sorted()
      print(
        "BENCH name=state_step_1000_us value=\(times[times.count / 2].rounded()) unit=us bar=<=1000 news=\(name) "
          + "slowest=\(times[times.count - 1].rounded())")
    }
  }

  private struct NotRunning: Error {}

  private static let spec = ApplicationSpec(
    name: "demo", serverName: "DPServer:demo", groups: groups,
    cluster: ClusterSpec(nodes: groups, devicesPerNode: size),
    engine: EngineSpec(size: size, sizePerNode: size, capacity: 64, arguments: [], recovers: true),
    ingress: IngressSpec(host: "127.0.0.1", port: 8000, arguments: [], boardRows: ingress),
    ingressReplicas: ingress, drainTimeout: .seconds(30), startTimeout: .seconds(60))

  /// What a controller whose processes start at once tells in answer to an effect.
  private static func answer(_ effect: Effect, _ state: inout Application) -> [Effect] {
    switch effect {
    case .launchGroup(let launch):
      (0..<size).flatMap { rank in
        state.handle(.rank(.ready, group: launch.group, rank: rank, epoch: launch.epoch), at: .zero)
      }
    case .publish(let table):
      state.ingress.replicas.flatMap { replica in
        state.handle(
          .ingress(.acknowledged(version: table.version), index: replica.index, life: replica.life), at: .zero
        )
      }
    default: []
    }
  }
}

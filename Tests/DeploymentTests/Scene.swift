import ControlAPI
import Testing

@testable import Deployment

/// An application under a hand-cranked clock: what the controller would do is done by the test.
struct Scene {
  var application: Application
  var now = Duration.zero
  /// Every effect so far.
  var effects: [Effect]
  /// How many of them ``carryOutAllStops()`` has seen.
  private var handled = 0

  init(_ spec: ApplicationSpec = .sample(), lastEpochs: [Int: Int] = [:]) throws(PlacementError) {
    (application, effects) = try Application.begin(spec, revision: 1, lastEpochs: lastEpochs, at: .zero)
  }

  @discardableResult
  mutating func tell(_ news: News) -> [Effect] {
    let new = application.handle(news, at: now)
    effects += new
    return new
  }

  @discardableResult
  mutating func rank(_ news: RankNews, _ rank: Int, group: Int = 0, epoch: Int? = nil) -> [Effect] {
    let present = application.groups.first { $0.index == group }?.epoch ?? 0
    return tell(.rank(news, group: group, rank: rank, epoch: epoch ?? present))
  }

  @discardableResult
  mutating func ingress(_ news: IngressNews, _ index: Int) -> [Effect] {
    let life = application.ingress.replicas.first { $0.index == index }?.life ?? 0
    return tell(.ingress(news, index: index, life: life))
  }

  @discardableResult
  mutating func apply(_ spec: ApplicationSpec) throws(PlacementError) -> [Effect] {
    let new = try application.apply(spec, revision: application.revision + 1, at: now)
    effects += new
    return new
  }

  @discardableResult
  mutating func delete() -> [Effect] {
    let new = application.delete(at: now)
    effects += new
    return new
  }

  @discardableResult
  mutating func pass(_ duration: Duration) -> [Effect] {
    now += duration
    return tell(.tick)
  }

  /// Every rank of the group answers, and every ingress replica takes the newest table.
  @discardableResult
  mutating func becomeReady(group: Int = 0) -> [Effect] {
    var new: [Effect] = []
    for rank in application.groups.first(where: { $0.index == group })?.ranks.indices ?? 0..<0 {
      new += self.rank(.ready, rank, group: group)
    }
    return new + acknowledge()
  }

  @discardableResult
  mutating func acknowledge() -> [Effect] {
    application.ingress.replicas.flatMap {
      ingress(.acknowledged(version: application.table.version), $0.index)
    }
  }

  /// Does what `stopRanks` and `stopIngress` among `effects` ask for: the processes end.
  @discardableResult
  mutating func carryOutStops(_ effects: [Effect]) -> [Effect] {
    var new: [Effect] = []
    for effect in effects {
      switch effect {
      case .stopRanks(let group, let epoch, let ranks, let grace):
        let end = grace == nil ? ProcessEnd.signalled(9) : .exited(0)
        for rank in ranks { new += self.rank(.ended(end, lastLine: nil), rank, group: group, epoch: epoch) }
      case .stopIngress(let index, let life, _):
        new += tell(.ingress(.ended(.exited(0), lastLine: nil), index: index, life: life))
      default: break
      }
    }
    return new
  }

  /// Does everything that was asked for and not done yet, until nothing is left to do.
  mutating func carryOutAllStops() {
    while handled < effects.count {
      let open = Array(effects[handled...])
      handled = effects.count
      carryOutStops(open)
    }
  }

  func group(_ index: Int = 0) throws -> RankGroup {
    try #require(application.groups.first { $0.index == index })
  }

  var server: DeploymentStatus { application.deployments(at: now)[0] }
  var ingressStatus: DeploymentStatus { application.deployments(at: now)[2] }
  var records: [EventRecord] { effects.records }
}

extension [Effect] {
  var records: [EventRecord] {
    compactMap { if case .record(let record) = $0 { record } else { nil } }
  }

  var launches: [GroupLaunch] {
    compactMap { if case .launchGroup(let launch) = $0 { launch } else { nil } }
  }

  var ingressLaunches: [IngressLaunch] {
    compactMap { if case .launchIngress(let launch) = $0 { launch } else { nil } }
  }

  var ingressStops: [Int] {
    compactMap { if case .stopIngress(let index, _, _) = $0 { index } else { nil } }
  }

  var rankStops: [[Int]] {
    compactMap { if case .stopRanks(_, _, let ranks, _) = $0 { ranks } else { nil } }
  }

  var tables: [RankTable] {
    compactMap { if case .publish(let table) = $0 { table } else { nil } }
  }
}

extension ApplicationSpec {
  /// Nodes with room for what is asked for, and no more.
  static func sample(
    groups: Int = 1, size: Int = 2, perNode: Int? = nil, nodes: Int = 1, ingress: Int = 2,
    devices: Int? = nil, engine: [String] = ["--model", "m"], boardRows: Int = 8,
    ingressArguments: [String] = ["--policy", "power_of_two"]
  ) -> ApplicationSpec {
    ApplicationSpec(
      name: "demo", serverName: "DPServer:demo", groups: groups,
      cluster: ClusterSpec(
        nodes: nodes, devicesPerNode: devices ?? (groups * size + nodes - 1) / nodes),
      engine: EngineSpec(size: size, sizePerNode: perNode ?? size, capacity: 64, arguments: engine),
      ingress: IngressSpec(host: "127.0.0.1", port: 8000, arguments: ingressArguments, boardRows: boardRows),
      ingressReplicas: ingress,
      drainTimeout: .seconds(30), startTimeout: .seconds(60))
  }
}

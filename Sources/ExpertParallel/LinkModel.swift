/// Which virtual node each rank stands on, and what lies between the nodes.
///
/// Ranks of one machine reach each other through memory; with links, a reader takes what another rank published for
/// arrived only once the link would have carried it. Each transfer has its link to itself: what others send at the same
/// time does not slow it.
public struct LinkModel: Sendable, Hashable {
  /// The node of each rank.
  public var nodes: [Int]
  /// Between ranks of one node; nil is memory, at its own speed.
  public var withinNodes: Link?
  /// Between ranks of two nodes that ``pairs`` does not name; nil likewise.
  public var betweenNodes: LinkState?
  /// Between the ranks of particular nodes.
  public var pairs: [NodePair: LinkState]

  /// Links between ranks on `nodes`.
  public init(
    nodes: [Int], withinNodes: Link? = nil, betweenNodes: LinkState? = nil,
    pairs: [NodePair: LinkState] = [:]
  ) {
    self.nodes = nodes
    self.withinNodes = withinNodes
    self.betweenNodes = betweenNodes
    self.pairs = pairs
  }

  /// All of `world` ranks on one node, with nothing but memory between them.
  public static func memory(world: Int) -> LinkModel {
    LinkModel(nodes: Array(repeating: 0, count: world))
  }

  /// Whether any transfer takes modelled time.
  public var hasLinks: Bool { withinNodes != nil || betweenNodes != nil || !pairs.isEmpty }

  /// What lies between two ranks; nil is memory.
  func state(_ a: Int, _ b: Int) -> LinkState? {
    guard a != b else { return nil }
    let pair = NodePair(nodes[a], nodes[b])
    if let state = pairs[pair] { return state }
    return pair.low == pair.high ? withinNodes.map { .up($0) } : betweenNodes
  }

  /// The ranks on the node of `rank`, one bit each.
  func neighbours(of rank: Int) -> UInt64 {
    nodes.indices.reduce(0) { nodes[$1] == nodes[rank] ? $0 | 1 << UInt64($1) : $0 }
  }

  /// Why no group of these ranks can work; nil when it can.
  public var objection: String? {
    for a in nodes.indices {
      for b in a..<nodes.count where state(a, b) == .down {
        return "\(ExpertParallelError.linkDown(from: a, to: b, nodes: NodePair(nodes[a], nodes[b])));"
          + " mend cluster.links or place the group elsewhere"
      }
    }
    return nil
  }

  /// A line that is the same for equal models.
  var terms: String {
    func text(_ state: LinkState?) -> String {
      switch state {
      case .up(let link):
        "\(link.latencyNanoseconds)/\(link.gigabitsPerSecond.map { "\($0)" } ?? "-")"
      case .down: "down"
      case nil: "memory"
      }
    }
    let named = pairs.map { "\($0.key)=\(text($0.value))" }.sorted()
    return "\(nodes) \(text(withinNodes.map { .up($0) })) \(text(betweenNodes)) \(named)"
  }
}

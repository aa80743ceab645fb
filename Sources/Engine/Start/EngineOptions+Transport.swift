public import ExpertParallel
import JSON

// How rows travel: `--all2all-backend`, `--nodes`, `--links`, and dual batch overlap.
extension EngineOptions {
  /// What a group of these options has between its ranks.
  public var transport: Transport {
    var model = links ?? .memory(world: dataParallelSize)
    if let nodes { model.nodes = nodes }
    return Transport(backend: backend, links: nodes == nil && links == nil ? nil : model)
  }

  /// When steps overlap; nil when they never do, as in a rank that is alone.
  var overlap: OverlapRule? {
    guard enableDBO, dataParallelSize > 1 else { return nil }
    return OverlapRule(decodeThreshold: overlapDecodeThreshold, prefillThreshold: overlapPrefillThreshold)
  }

  /// Sets an option that concerns the exchange; false when `option` is none.
  mutating func setTransport(_ option: inout OptionReader) throws(EngineError) -> Bool {
    switch option.name {
    case "--all2all-backend": backend = try Self.backend(try option.text(), of: option.name)
    case "--nodes": nodes = try Self.nodes(try option.text())
    case "--links": links = try Self.links(try option.text())
    case "--enable-dbo": enableDBO = try option.flag()
    case "--dbo-decode-token-threshold": overlapDecodeThreshold = try option.count(0 ... .max)
    case "--dbo-prefill-token-threshold": overlapPrefillThreshold = try option.count(0 ... .max)
    default: return false
    }
    return true
  }

  static func backend(_ word: String, of name: String) throws(EngineError) -> ExchangeBackend {
    guard let backend = ExchangeBackend(rawValue: word) else {
      let words = ExchangeBackend.allCases.map(\.rawValue).joined(separator: ", ")
      throw .usage("\(name) must be one of \(words), not '\(word)'")
    }
    return backend
  }

  private static func nodes(_ text: String) throws(EngineError) -> [Int] {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.allSatisfy({ $0 != nil && $0 ?? -1 >= 0 }) else {
      throw .usage("--nodes must be the node of each rank, like 0,0,1,1, not '\(text)'")
    }
    return numbers.compactMap(\.self)
  }

  /// `{"inter": {"latency_us": 50, "gbps": 100}, "intra": {…}, "0-1": "down"}`.
  private static func links(_ text: String) throws(EngineError) -> LinkModel {
    let members: [JSONMember]?
    do { members = try JSONValue(parsing: text).members } catch {
      throw .usage("--links is not JSON: \(error)")
    }
    guard let members else { throw .usage("--links must be a JSON object") }
    var model = LinkModel(nodes: [])
    for member in members {
      let state = try link(member)
      switch member.name {
      case "inter": model.betweenNodes = state
      case "intra":
        guard case .up(let link) = state else { throw .usage("--links: intra cannot be down") }
        model.withinNodes = link
      default: model.pairs[try pair(member.name)] = state
      }
    }
    return model
  }

  private static func pair(_ name: String) throws(EngineError) -> NodePair {
    let ends = name.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let a = ends[0], let b = ends[1], a >= 0, b >= 0, a != b else {
      throw .usage("--links: '\(name)' is neither inter, intra nor two nodes like 0-1")
    }
    return NodePair(a, b)
  }

  private static func link(_ member: JSONMember) throws(EngineError) -> LinkState {
    if member.value.string == "down" { return .down }
    guard let fields = member.value.members else {
      throw .usage("--links: \(member.name) must be \"down\" or like {\"latency_us\": 50, \"gbps\": 100}")
    }
    var (latency, speed) = (0.0, Double?.none)
    for field in fields {
      guard let number = field.value.double, number >= 0, number <= 1e9 else {
        throw .usage("--links: \(field.name) of \(member.name) must be a number from 0 to 1000000000")
      }
      switch field.name {
      case "latency_us": latency = number
      case "gbps" where number > 0: speed = number
      case "gbps": throw .usage("--links: gbps of \(member.name) must be above 0; write down for no link")
      default: throw .usage("--links: unknown field \(field.name) of \(member.name)")
      }
    }
    return .up(Link(latencyNanoseconds: UInt64(latency * 1000), gigabitsPerSecond: speed))
  }

  /// What cannot be together.
  func checkTransport() throws(EngineError) {
    if let nodes, nodes.count != dataParallelSize {
      throw .usage(
        "--nodes names \(nodes.count) nodes, but --data-parallel-size is \(dataParallelSize): name the node of each rank"
      )
    }
  }
}

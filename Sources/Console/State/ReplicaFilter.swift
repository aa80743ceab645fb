public import ControlAPI

/// Which replicas are shown, as typed: `kv>90 & state!=RUNNING`, `wait>0 | dp3`, `!(node=node0)`.
///
/// A bare word is looked for in id, node and state. What is not known satisfies no comparison.
public struct ReplicaFilter: Sendable, Equatable {
  /// The text that was typed.
  public let text: String
  private let root: Node

  private indirect enum Node: Sendable, Equatable {
    case word(String)
    case number(ReplicaField, Comparison, Double)
    case text(ReplicaField, Comparison, String)
    case not(Node)
    case all([Node])
    case any([Node])
  }

  enum Comparison: String, CaseIterable, Sendable {
    // The longer ones first, as they are looked for in this order.
    case notEqual = "!="
    case atMost = "<="
    case atLeast = ">="
    case contains = "~"
    case equal = "="
    case less = "<"
    case greater = ">"
  }

  /// Reads an expression.
  ///
  /// - Throws: what cannot be read, and what could stand there.
  public init(_ text: String) throws(FilterError) {
    self.text = text
    var parser = Parser(text)
    root = try parser.parseAny()
    try parser.expectEnd()
  }

  /// Whether a replica is shown.
  public func matches(_ replica: ReplicaStatus) -> Bool { Self.matches(root, replica) }

  private static func matches(_ node: Node, _ replica: ReplicaStatus) -> Bool {
    switch node {
    case .word(let word):
      [replica.id, replica.node ?? "", replica.state.rawValue].contains { $0.lowercased().contains(word) }
    case .number(let field, let comparison, let bound):
      field.number(replica).map { compare($0, comparison, bound) } ?? false
    case .text(let field, let comparison, let wanted):
      field.text(replica).map { compare($0.lowercased(), comparison, wanted) } ?? false
    case .not(let inner): !matches(inner, replica)
    case .all(let nodes): nodes.allSatisfy { matches($0, replica) }
    case .any(let nodes): nodes.contains { matches($0, replica) }
    }
  }

  private static func compare<Value: Comparable>(
    _ value: Value, _ comparison: Comparison, _ bound: Value
  ) -> Bool {
    switch comparison {
    case .equal: value == bound
    case .notEqual: value != bound
    case .less: value < bound
    case .atMost: value <= bound
    case .greater: value > bound
    case .atLeast: value >= bound
    case .contains: "\(value)".contains("\(bound)")
    }
  }

  private struct Parser {
    private var rest: Substring
    private let end = "an expression such as kv>90 & state!=RUNNING"

    init(_ text: String) { rest = text[...] }

    mutating func parseAny() throws(FilterError) -> Node {
      var nodes = [try parseAll()]
      while take("|") { nodes.append(try parseAll()) }
      return nodes.count == 1 ? nodes[0] : .any(nodes)
    }

    private mutating func parseAll() throws(FilterError) -> Node {
      var nodes = [try parseOne()]
      while take("&") { nodes.append(try parseOne()) }
      return nodes.count == 1 ? nodes[0] : .all(nodes)
    }

    private mutating func parseOne() throws(FilterError) -> Node {
      if take("!") { return .not(try parseOne()) }
      if take("(") {
        let inner = try parseAny()
        guard take(")") else { throw FilterError("a ( has no )") }
        return inner
      }
      let word = takeWord()
      guard !word.isEmpty else {
        throw FilterError(rest.isEmpty ? "\(end) goes on" : "`\(rest.prefix(1))` cannot stand here")
      }
      skipSpaces()
      guard let comparison = Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) else {
        return .word(word.lowercased())
      }
      rest.removeFirst(comparison.rawValue.count)
      if comparison == .equal, rest.hasPrefix("=") { rest.removeFirst() }
      return try parseComparison(word, comparison)
    }

    private mutating func parseComparison(
      _ name: String, _ comparison: Comparison
    ) throws(FilterError) -> Node {
      guard let field = ReplicaField(rawValue: name.lowercased()) else {
        let known = ReplicaField.allCases.map(\.rawValue).joined(separator: " ")
        throw FilterError("there is no `\(name)`; there are \(known)")
      }
      skipSpaces()
      let value = takeWord()
      guard !value.isEmpty else { throw FilterError("\(name)\(comparison.rawValue) wants a value") }
      if field.isText { return .text(field, comparison, value.lowercased()) }
      guard let number = field.scaled(value) else { throw FilterError("`\(value)` is no number") }
      return .number(field, comparison, number)
    }

    mutating func expectEnd() throws(FilterError) {
      skipSpaces()
      guard rest.isEmpty else { throw FilterError("`\(rest)` is too much; join with & or |") }
    }

    private mutating func skipSpaces() { rest = rest.drop { $0 == " " } }

    private mutating func take(_ token: Character) -> Bool {
      skipSpaces()
      guard rest.first == token else { return false }
      rest.removeFirst()
      return true
    }

    private mutating func takeWord() -> String {
      skipSpaces()
      let word = rest.prefix { $0.isLetter || $0.isNumber || "._-/%+:".contains($0) }
      rest.removeFirst(word.count)
      return String(word)
    }
  }
}

/// Why an expression cannot be read.
public struct FilterError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong with it.
  public let description: String
  init(_ description: String) { self.description = description }
}

/// What replicas can be filtered by; shares in per cent, durations in milliseconds.
enum ReplicaField: String, Sendable, CaseIterable {
  case id, node, state, phase
  case busy, kv, cpu, dummy, comm
  case run, wait, tok, req, ttft, tpot, rss, rst, epoch, pid, age

  var isText: Bool { [.id, .node, .state, .phase].contains(self) }

  func text(_ replica: ReplicaStatus) -> String? {
    switch self {
    case .id: replica.id
    case .node: replica.node
    case .state: replica.stale ? "STALE" : replica.state.rawValue
    case .phase: replica.phase.value?.rawValue
    default: nil
    }
  }

  func number(_ replica: ReplicaStatus) -> Double? {
    switch self {
    case .busy: replica.gpuUtilizationRatio?.value.map { $0 * 100 }
    case .kv: replica.kvUsageRatio?.value.map { $0 * 100 }
    case .cpu: replica.cpuRatio.value.map { $0 * 100 }
    case .dummy: replica.dummyRatio?.value.map { $0 * 100 }
    case .comm: replica.communicationRatio?.value.map { $0 * 100 }
    case .run: replica.running.value.map(Double.init)
    case .wait: replica.waiting.value.map(Double.init)
    case .tok: replica.generationTokensPerSecond.value
    case .req: replica.requestsPerSecond.value
    case .ttft: replica.ttftP50Seconds.value.map { $0 * 1000 }
    case .tpot: replica.tpotP50Seconds.value.map { $0 * 1000 }
    case .rss: replica.rssBytes.value.map(Double.init)
    case .rst: Double(replica.restarts)
    case .epoch: replica.epoch.map(Double.init)
    case .pid: replica.pid.value.map(Double.init)
    case .age: replica.observedAgeSeconds.value
    case .id, .node, .state, .phase: nil
    }
  }

  /// A number with its unit, in this field's own.
  func scaled(_ text: String) -> Double? {
    let digits = text.prefix { $0.isNumber || ".+-".contains($0) }
    guard let number = Double(digits), number.isFinite else { return nil }
    let factors: [String: Double] =
      self == .ttft || self == .tpot
      ? ["ms": 1, "s": 1000, "": 1]
      : self == .rss
        ? ["": 1, "k": 0x1p10, "m": 0x1p20, "g": 0x1p30, "t": 0x1p40]
        : ["": 1, "%": 1, "s": 1, "k": 1000, "m": 1_000_000]
    return factors[text.dropFirst(digits.count).lowercased()].map { number * $0 }
  }
}

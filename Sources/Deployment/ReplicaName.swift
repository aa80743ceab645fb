/// The name of a replica over all its lives: `dp3`, `g1-dp3` beyond the first group, `ingress-2`,
/// `front-0`.
public enum ReplicaName: Hashable, Sendable, CustomStringConvertible {
  /// A rank of a group.
  case rank(group: Int, rank: Int)
  /// An ingress replica.
  case ingress(Int)
  /// A process before the ingress replicas.
  case front(Int)

  /// Reads a name; nil when it is none.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    func number(_ part: Substring, after prefix: String) -> Int? {
      let digits = part.dropFirst(prefix.count)
      return part.hasPrefix(prefix) && digits.allSatisfy(\.isNumber) ? Int(digits) : nil
    }
    let name: Self? =
      switch parts.count {
      case 1: number(parts[0], after: "dp").map { .rank(group: 0, rank: $0) }
      case 2 where parts[0] == "front": number(parts[1], after: "").map(Self.front)
      case 2 where parts[0] == "ingress": number(parts[1], after: "").map(Self.ingress)
      case 2:
        number(parts[0], after: "g").flatMap { group in
          number(parts[1], after: "dp").map { .rank(group: group, rank: $0) }
        }
      default: nil
      }
    guard let name, name.description == text else { return nil }
    self = name
  }

  /// The name.
  public var description: String {
    switch self {
    case .rank(0, let rank): "dp\(rank)"
    case .rank(let group, let rank): "g\(group)-dp\(rank)"
    case .ingress(let index): "ingress-\(index)"
    case .front(let index): "front-\(index)"
    }
  }
}

extension ReplicaName: Codable {
  /// Reads a name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let name = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no name of a replica")
    }
    self = name
  }

  /// Writes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A reading that may be unknown: JSON `null` when it is.
///
/// An optional `Known` has a third state, nil, for what does not apply: its key is absent. So scripts can tell "an
/// ingress has no KV cache" from "the rank has not reported its KV cache yet".
public enum Known<Value: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
  /// The value, as last observed.
  case known(Value)
  /// Nobody can say now.
  case unknown

  /// The value, or ``unknown`` for nil.
  @inlinable
  public init(_ value: Value?) {
    if let value { self = .known(value) } else { self = .unknown }
  }

  /// The value; nil when it is unknown.
  @inlinable
  public var value: Value? {
    if case .known(let value) = self { value } else { nil }
  }

  /// Reads a value or `null`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    self = container.decodeNil() ? .unknown : .known(try container.decode(Value.self))
  }

  /// Writes the value or `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .known(let value): try container.encode(value)
    case .unknown: try container.encodeNil()
    }
  }
}

extension KeyedDecodingContainer {
  /// Keeps `null` (unknown) apart from an absent key (not applicable), which the general form does not.
  public func decodeIfPresent<Value>(_ type: Known<Value>.Type, forKey key: Key) throws -> Known<Value>? {
    contains(key) ? try decode(type, forKey: key) : nil
  }
}

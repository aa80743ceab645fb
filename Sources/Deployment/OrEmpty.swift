/// A part of a checkpoint that former versions did not write: where it is missing it is empty.
///
/// So a controller of this version takes over what one of a former version runs.
@propertyWrapper
public struct OrEmpty<Value: EmptyByDefault & Sendable & Equatable & Codable>: Sendable, Equatable, Codable {
  /// The value.
  public var wrappedValue: Value

  /// Holds a value.
  public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

  /// Reads the value.
  public init(from decoder: any Decoder) throws { wrappedValue = try Value(from: decoder) }

  /// Writes the value.
  public func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

/// A value of which there is an empty one.
public protocol EmptyByDefault {
  /// Makes the empty one.
  init()
}

extension Set: EmptyByDefault {}
extension Dictionary: EmptyByDefault {}
extension Int: EmptyByDefault {}

extension KeyedDecodingContainer {
  /// Takes a missing key for the empty value.
  public func decode<Value>(_ type: OrEmpty<Value>.Type, forKey key: Key) throws -> OrEmpty<Value> {
    OrEmpty(wrappedValue: try decodeIfPresent(Value.self, forKey: key) ?? Value())
  }
}

/// A value of a manifest after its type was settled.
public enum Value: Sendable, Hashable {
  /// No value: the field is unset.
  case null
  /// True or false.
  case boolean(Bool)
  /// A whole number.
  case integer(Int)
  /// Any other number.
  case number(Double)
  /// Text.
  case text(String)
  /// Values in order.
  case list([Value])
  /// Keys with values, in order of the file.
  case map([Member])

  /// A key with its value.
  public struct Member: Sendable, Hashable {
    /// The key.
    public let key: String
    /// Its value.
    public let value: Value

    /// Makes a pair.
    public init(_ key: String, _ value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// The value of a key, nil where this is no map or has no such key.
  public subscript(key: String) -> Value? {
    guard case .map(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }
}

/// One flag of `vllm serve`.
public struct Flag: Sendable, Equatable {
  /// What follows it.
  public enum Kind: Sendable, Equatable {
    /// Nothing; it is there or not.
    case toggle
    /// Nothing; `--no-` before the name means the opposite.
    case boolean
    /// A whole number.
    case integer
    /// A whole number that may be written `16k`, or a word such as `auto`.
    case humanInteger
    /// A number.
    case number
    /// A JSON object.
    case json
    /// One of a few words.
    case choice([String])
    /// Text, or several.
    case text
  }

  /// Its name without dashes before it: `max-num-seqs`.
  public let name: String
  /// What follows it.
  public let kind: Kind
  /// Its short form with the dash; nil when it has none.
  public let short: String?

  /// The name in `engine_kwargs`.
  public var argument: String { String(name.map { $0 == "-" ? "_" : $0 }) }

  /// Whether a value follows.
  public var takesValue: Bool { kind != .toggle && kind != .boolean }
}

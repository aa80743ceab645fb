/// What a command line said, by the names of its ``CommandDescription``.
public struct ParsedArguments: Sendable, Equatable {
  /// Words without a dash, in order.
  public internal(set) var operands: [String] = []
  private var values: [String: [String]] = [:]
  private var switches: [String: Bool] = [:]

  init() {}

  /// The value of an option, nil when it was not given; a repeated one gives its last.
  public func value(_ name: String) -> String? { values[name]?.last }

  /// Every value of a repeated option, in order.
  public func allValues(_ name: String) -> [String] { values[name] ?? [] }

  /// Whether a switch was given, and not as `--no-`.
  public func flag(_ name: String) -> Bool { switches[name] ?? false }

  /// What a toggle was set to, nil when it was not given.
  public func toggle(_ name: String) -> Bool? { switches[name] }

  /// A whole number in a range, nil when the option was not given.
  public func integer(_ name: String, in range: ClosedRange<Int> = .min ... .max) throws(UsageError) -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError("--\(name) takes a whole number\(Self.bounds(range)), not `\(text)`")
    }
    return number
  }

  /// A finite number in a range, nil when the option was not given.
  public func number(_ name: String, in range: ClosedRange<Double>) throws(UsageError) -> Double? {
    guard let text = value(name) else { return nil }
    guard let number = Double(text), number.isFinite, range.contains(number) else {
      throw UsageError(
        "--\(name) takes a number from \(range.lowerBound) to \(range.upperBound), not `\(text)`")
    }
    return number
  }

  /// Seconds, as ``seconds(in:)`` reads them; nil when the option was not given.
  public func seconds(_ name: String) throws(UsageError) -> Double? {
    guard let text = value(name) else { return nil }
    guard let seconds = Self.seconds(in: text) else {
      throw UsageError("--\(name) takes a time such as 90s, 500ms or 2m, not `\(text)`")
    }
    return seconds
  }

  /// Seconds, written `90`, `1.5s`, `500ms`, `2m`, `1h` or `30d`; nil for anything else.
  public static func seconds(in text: String) -> Double? {
    for (unit, scale) in [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("", 1)]
    where text.hasSuffix(unit) {
      let digits = text.dropLast(unit.count)
      guard digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }), let count = Double(digits) else {
        continue
      }
      return count * scale
    }
    return nil
  }

  /// A value that must be given.
  public func required(_ name: String) throws(UsageError) -> String {
    guard let value = value(name) else { throw UsageError("--\(name) is missing") }
    return value
  }

  mutating func add(_ value: String, to name: String) { values[name, default: []].append(value) }

  mutating func set(_ name: String, _ isOn: Bool) { switches[name] = isOn }

  func hasValue(_ name: String) -> Bool { values[name] != nil }

  private static func bounds(_ range: ClosedRange<Int>) -> String {
    switch (range.lowerBound, range.upperBound) {
    case (.min, .max): ""
    case (let low, .max): " of at least \(low)"
    case (let low, let high): " from \(low) to \(high)"
    }
  }
}

/// A command line that cannot be carried out; commands print it with a pointer to `--help` and exit 2.
public struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong.
  public let description: String
  /// What to write instead.
  public let help: String?

  /// Makes an error.
  public init(_ description: String, help: String? = nil) {
    self.description = description
    self.help = help
  }
}

/// What may be written as the value of a field.
public indirect enum FieldKind: Sendable {
  /// `true` or `false`.
  case boolean
  /// A whole number in a range.
  case integer(ClosedRange<Int>)
  /// A whole number in a range that may be written `16k` (16,000) or `16K` (16,384), as vLLM does.
  case humanInteger(ClosedRange<Int>, words: [String: Value])
  /// A number in a range; the lower bound itself may be excluded.
  case number(ClosedRange<Double>, excludesLower: Bool = false)
  /// Bytes, written as a whole number or with a unit (`512MiB`, `2GB`).
  case size
  /// Text that obeys a rule.
  case text(TextRule)
  /// One of a few words; those of `later` are known but not available yet.
  case choice([String], later: [String] = [])
  /// A list of texts.
  case texts
  /// Variables with their values.
  case variables
  /// Any value, kept as it is.
  case anything
  /// Further fields.
  case section([Field])
  /// A reserved word; the text says why it is refused and what to do.
  case refused(DiagnosticCode, String)

  /// The kind in words, for documentation and messages.
  public var words: String {
    switch self {
    case .boolean: "boolean"
    case .integer(let range): "integer, \(Self.bounds(range))"
    case .humanInteger(let range, let words):
      (["integer, \(Self.bounds(range)) (`16k`, `16K` allowed)"] + words.keys.sorted().map { "`\($0)`" })
        .joined(separator: " or ")
    case .number(let range, let excludesLower): "number, \(Self.bounds(range, excludesLower))"
    case .size: "bytes (`512MiB`)"
    case .text(let rule): rule.words
    case .choice(let words, let later):
      Self.quoted(words) + (later.isEmpty ? "" : " (later: \(Self.quoted(later)))")
    case .texts: "list of strings"
    case .variables: "mapping of strings"
    case .anything: "any"
    case .section: "mapping"
    case .refused: "reserved"
    }
  }

  private static func quoted(_ words: [String]) -> String {
    words.map { "`\($0)`" }.joined(separator: ", ")
  }

  static func bounds(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
  }

  static func bounds(_ range: ClosedRange<Double>, _ excludesLower: Bool) -> String {
    let low = Value.decimal(range.lowerBound)
    let floor = excludesLower ? "above \(low)" : "at least \(low)"
    return range.upperBound.isFinite ? "\(floor), at most \(Value.decimal(range.upperBound))" : floor
  }
}

/// What a text must look like.
public enum TextRule: Sendable {
  /// Anything but nothing.
  case any
  /// 1 to 40 lower-case letters, digits and inner dashes: it becomes part of paths and process names.
  case label
  /// A model id: letters, digits, `-`, `_`, `.` and inner `/`.
  case modelID
  /// A host name or address.
  case host

  /// The rule in words.
  public var words: String {
    switch self {
    case .any: "string"
    case .label: "1 to 40 lower-case letters, digits and inner dashes"
    case .modelID: "letters, digits, `-`, `_`, `.` and `/`"
    case .host: "host name or address"
    }
  }

  /// Whether a text obeys the rule.
  public func allows(_ text: String) -> Bool {
    guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
      return false
    }
    let bytes = Array(text.utf8)
    switch self {
    case .any:
      return true
    case .label:
      let isPlain = bytes.allSatisfy { Self.isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
      return isPlain && bytes.count <= 40 && bytes.first != UInt8(ascii: "-")
        && bytes.last != UInt8(ascii: "-")
    case .modelID:
      return bytes.count <= 200
        && bytes.allSatisfy { Self.isLowerOrDigit($0 | 0x20) || "-_./".utf8.contains($0) }
        && bytes.first != UInt8(ascii: "/") && bytes.last != UInt8(ascii: "/")
    case .host:
      // One colon alone parts a port from a host; an address of IPv6 has more.
      return bytes.count <= 253 && bytes.count(where: { $0 == UInt8(ascii: ":") }) != 1
        && bytes.allSatisfy { Self.isLowerOrDigit($0 | 0x20) || "-.:[]%_".utf8.contains($0) }
    }
  }

  /// What could be written in the place of a text that breaks the rule, nil when there is no obvious one.
  package func proposal(for text: String) -> String? {
    switch self {
    case .label: Self.label(of: text)
    case .host: Self.host(of: text)
    case .any, .modelID: nil
    }
  }

  /// The host of `host:port`.
  private static func host(of text: String) -> String? {
    let parts = text.split(separator: ":")
    return parts.count == 2 && UInt16(parts[1]) != nil ? String(parts[0]) : nil
  }

  private static func label(of text: String) -> String? {
    let bytes = text.utf8.prefix(40).map { byte -> UInt8 in
      let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
      return isLowerOrDigit(lower) ? lower : UInt8(ascii: "-")
    }
    let words = bytes.split(separator: UInt8(ascii: "-"))
    return words.isEmpty
      ? nil : String(decoding: Array(words.joined(separator: [UInt8(ascii: "-")])), as: UTF8.self)
  }

  private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

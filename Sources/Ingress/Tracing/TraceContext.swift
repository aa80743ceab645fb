/// A place in a trace, as `traceparent` says it (W3C Trace Context, version 00).
struct TraceContext: Equatable, Sendable {
  /// 32 hexadecimal digits, the same for all spans of a trace.
  let traceID: String
  /// 16 hexadecimal digits: the span that calls.
  let spanID: String
  /// Whether the caller records the trace.
  let isSampled: Bool

  /// The header field.
  static let field = "traceparent"

  /// The first span of a new trace.
  init() {
    traceID = Self.random() + Self.random()
    spanID = Self.random()
    isSampled = true
  }

  /// Reads a field's value; nil when it is not what W3C allows, as when an id is all zeros.
  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0] != "ff", parts.count == 4 || parts[0] != "00" else { return nil }
    let lengths = [2, 32, 16, 2]
    guard zip(parts, lengths).allSatisfy({ $0.utf8.count == $1 && $0.utf8.allSatisfy(Self.isDigit) }),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" }),
      let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    traceID = String(parts[1])
    spanID = String(parts[2])
    isSampled = flags & 1 == 1
  }

  private init(traceID: String, spanID: String, isSampled: Bool) {
    self.traceID = traceID
    self.spanID = spanID
    self.isSampled = isSampled
  }

  /// Another span of the same trace.
  func child() -> TraceContext { TraceContext(traceID: traceID, spanID: Self.random(), isSampled: isSampled) }

  /// The field's value.
  var text: String { "00-\(traceID)-\(spanID)-0\(isSampled ? 1 : 0)" }

  private static func random() -> String {
    let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Capitals are not allowed.
  private static func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10 || byte &- UInt8(ascii: "a") < 6
  }
}

/// Turns tokens into text as they come, never giving out half a character.
///
/// What ``append(_:)`` and ``finish()`` give, joined, equals the decoding of all bytes at once.
public struct StreamingDetokenizer: Sendable {
  /// The beginning of a character whose rest has not come yet, at most three bytes.
  private var held: [UInt8] = []

  /// A detokenizer at the start of a text.
  public init() {}

  /// The text that `bytes` complete; bytes that can never be UTF-8 become U+FFFD at once.
  public mutating func append(_ bytes: some Sequence<UInt8>) -> String {
    held.append(contentsOf: bytes)
    let end = held.count - Self.incompleteTail(held)
    let text = String(decoding: held[..<end], as: UTF8.self)
    held.removeFirst(end)
    return text
  }

  /// The text of what was held back: U+FFFD for a character that never was completed, or nothing.
  public mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  /// The number of bytes at the end that begin a character and could still become one (Unicode, table 3-7).
  static func incompleteTail(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let lead = bytes[bytes.count - length]
      if lead & 0xC0 == 0x80 { continue }
      return canBegin(lead, bytes.suffix(length - 1)) ? length : 0
    }
    return 0
  }

  private static func canBegin(_ lead: UInt8, _ continuation: ArraySlice<UInt8>) -> Bool {
    let needed =
      switch lead {
      case 0xC2...0xDF: 1
      case 0xE0...0xEF: 2
      case 0xF0...0xF4: 3
      default: 0
      }
    guard continuation.count < needed else { return false }
    guard let second = continuation.first else { return true }
    return secondBytes(after: lead).contains(second)
  }

  private static func secondBytes(after lead: UInt8) -> ClosedRange<UInt8> {
    switch lead {
    case 0xE0: 0xA0...0xBF
    case 0xED: 0x80...0x9F
    case 0xF0: 0x90...0xBF
    case 0xF4: 0x80...0x8F
    default: 0x80...0xBF
    }
  }
}

/// Takes the comments that a rank writes for the ingress out of a stream of server-sent events, and nothing else.
///
/// A rank tells the token ids of an event in a line `: ids 12,345` before it. Whatever else arrives, other comments
/// too, goes on byte for byte as soon as its line is complete.
struct EventFilter {
  /// What a piece of the stream said, and what of it the client gets.
  struct Passage {
    var bytes: [UInt8] = []
    /// Tokens that were told.
    var tokens = 0
  }

  /// Whether the stream said `[DONE]`, after which it is complete.
  private(set) var isDone = false
  /// Whether the rank itself has told the client an error.
  private(set) var hasFailed = false
  /// The beginning of a line whose end has not arrived.
  private var partial: [UInt8] = []

  /// A line longer than this is passed on in pieces, unread.
  private static let longestLine = 4 << 20

  /// Reads the next piece.
  mutating func add(_ piece: [UInt8]) -> Passage {
    let bytes = partial.isEmpty ? piece : partial + piece
    var passage = Passage()
    passage.bytes.reserveCapacity(bytes.count)
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      take(bytes[start...end], into: &passage)
      start = end + 1
    }
    partial = Array(bytes[start...])
    if partial.count > Self.longestLine { passage.bytes += finish() }
    return passage
  }

  /// What is left when the stream has ended.
  mutating func finish() -> [UInt8] {
    defer { partial = [] }
    return partial
  }

  private mutating func take(_ line: ArraySlice<UInt8>, into passage: inout Passage) {
    if let ids = Self.suffix(of: line, after: ": ids ") {
      passage.tokens += ids.isEmpty ? 0 : 1 + ids.count { $0 == UInt8(ascii: ",") }
      return
    }
    passage.bytes += line
    if let data = Self.suffix(of: line, after: "data: ") {
      if data.starts(with: "[DONE]".utf8) { isDone = true }
      if data.starts(with: "{\"error\"".utf8) { hasFailed = true }
    }
  }

  /// What follows `prefix` in a line, without the line's end; nil when the line begins otherwise.
  private static func suffix(of line: ArraySlice<UInt8>, after prefix: StaticString) -> ArraySlice<UInt8>? {
    let count = prefix.utf8CodeUnitCount
    guard line.count > count else { return nil }
    let wanted = UnsafeBufferPointer(start: prefix.utf8Start, count: count)
    guard line.prefix(count).elementsEqual(wanted) else { return nil }
    return line.dropFirst(count).prefix { $0 != 0x0D && $0 != 0x0A }
  }
}

import OpenAI

/// Takes the comments that a rank writes for the ingress out of a stream of server-sent events, and nothing else.
///
/// A rank tells the tokens of an event in a line `: ids 0=12,345` before it. Whatever else arrives, other comments
/// too, goes on byte for byte as soon as its event is complete. So what has gone on is always whole events, and
/// ``emitted`` says exactly which tokens the client has.
struct EventFilter {
  /// What a piece of the stream said, and what of it the client gets.
  struct Passage {
    var bytes: [UInt8] = []
    /// Tokens of these bytes.
    var tokens = 0
  }

  /// The tokens of all events that have gone on.
  private(set) var emitted = EmittedTokens()
  /// Whether the stream said `[DONE]`, after which it is complete.
  private(set) var isDone = false
  /// The event in which the rank told that it cannot go on; it is kept back.
  private(set) var failure: [UInt8]?
  /// Whether ``emitted`` is the whole truth.
  private var isTracked = false
  /// Whether the client has something of the answer.
  private var hasPassed = false
  /// Whether another rank can go on: all that the client has is known, or it has nothing.
  var canMove: Bool { isTracked || !hasPassed }

  /// The beginning of a line whose end has not arrived.
  private var partial: [UInt8] = []
  /// Complete lines of an event whose end has not arrived.
  private var event: [UInt8] = []
  private var eventTokens = EmittedTokens()
  private var isUnreadable = false

  /// An event longer than this is passed on in pieces, unread.
  private static let longestEvent = 4 << 20

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
    if partial.count + event.count > Self.longestEvent {
      isUnreadable = true
      isTracked = false
      passage.bytes += finish()
      hasPassed = true
    }
    return passage
  }

  /// What is left when the stream has come to its end.
  mutating func finish() -> [UInt8] {
    defer { (event, partial) = ([], []) }
    return event + partial
  }

  /// Forgets the broken end of a stream, before another rank's goes on.
  mutating func restart() { (event, partial, eventTokens, failure) = ([], [], EmittedTokens(), nil) }

  private mutating func take(_ line: ArraySlice<UInt8>, into passage: inout Passage) {
    if let ids = Self.suffix(of: line, after: EmittedTokens.commentPrefix) {
      guard let told = EmittedTokens(parsing: String(decoding: ids, as: UTF8.self)) else { return }
      eventTokens.append(told)
      isTracked = !isUnreadable
      return
    }
    event += line
    guard line.first == 0x0A || line.first == 0x0D else { return read(line) }
    guard failure == nil else { return }
    passage.bytes += event
    hasPassed = true
    passage.tokens += eventTokens.count
    emitted.append(eventTokens)
    event.removeAll(keepingCapacity: true)
    eventTokens = EmittedTokens()
  }

  private mutating func read(_ line: ArraySlice<UInt8>) {
    guard let data = Self.suffix(of: line, after: "data: ") else { return }
    if data.starts(with: "[DONE]".utf8) { isDone = true }
    if data.starts(with: "{\"error\"".utf8) { failure = Array(line) + [0x0A] }
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

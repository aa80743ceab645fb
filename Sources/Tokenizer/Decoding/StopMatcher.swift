/// Looks for stop strings in a text that arrives in pieces.
///
/// Text that may be the beginning of a stop string is held back until that is decided: never more than the longest
/// stop string without its last byte, and nothing when the end of the text cannot be such a beginning.
public struct StopMatcher: Sendable {
  /// What a piece of text led to.
  public enum Outcome: Equatable, Sendable {
    /// No stop string yet; the text may be given out.
    case text(String)
    /// The text before the earliest stop string (and the stop string itself when it is to be included).
    case stopped(String, stop: String)
  }

  private let stops: [(text: String, bytes: [UInt8])]
  private let includesStop: Bool
  private var held: [UInt8] = []

  /// A matcher for `stops`; empty ones are ignored.
  public init(_ stops: [String], includesStop: Bool = false) {
    self.stops = stops.filter { !$0.isEmpty }.map { ($0, Array($0.utf8)) }
    self.includesStop = includesStop
  }

  /// Takes the next piece of text.
  public mutating func append(_ text: String) -> Outcome {
    guard !stops.isEmpty else { return .text(text) }
    held.append(contentsOf: text.utf8)
    if let (position, stop) = earliestStop() {
      let end = includesStop ? position + stop.bytes.count : position
      defer { held = [] }
      return .stopped(String(decoding: held[..<end], as: UTF8.self), stop: stop.text)
    }
    let end = held.count - possibleBeginning()
    defer { held.removeFirst(end) }
    return .text(String(decoding: held[..<end], as: UTF8.self))
  }

  /// The text that was held back, at the end of the stream.
  public mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  private func earliestStop() -> (position: Int, stop: (text: String, bytes: [UInt8]))? {
    for position in held.indices {
      for stop in stops where held[position...].starts(with: stop.bytes) { return (position, stop) }
    }
    return nil
  }

  /// The length of the longest end of the text with which a stop string could begin.
  ///
  /// Stop strings are whole characters, so this never cuts one.
  private func possibleBeginning() -> Int {
    let longest = min(held.count, (stops.map(\.bytes.count).max() ?? 1) - 1)
    return (0...longest).reversed().first { length in
      stops.contains { $0.bytes.count > length && $0.bytes.starts(with: held.suffix(length)) }
    } ?? 0
  }
}

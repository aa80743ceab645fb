/// Takes a stream of server-sent events apart, whatever pieces it arrives in (WHATWG HTML, 9.2.6).
public struct EventStream: Sendable {
  /// A line of the stream that matters here.
  public enum Line: Sendable, Equatable {
    /// The payload of a `data:` line.
    case data([UInt8])
    /// The text of a comment, after its colon.
    case comment([UInt8])
    /// The empty line that ends an event.
    case end
  }

  private var partial: [UInt8] = []

  /// A stream of which nothing has arrived.
  public init() {}

  /// Adds `bytes` and returns the lines that are now complete; fields other than `data` are dropped.
  public mutating func add(_ bytes: [UInt8]) -> [Line] {
    var lines: [Line] = []
    for byte in bytes {
      if byte == 0x0A {
        if partial.last == 0x0D { partial.removeLast() }
        if let line = Self.read(partial) { lines.append(line) }
        partial.removeAll(keepingCapacity: true)
      } else {
        partial.append(byte)
      }
    }
    return lines
  }

  private static func read(_ line: [UInt8]) -> Line? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return line.isEmpty ? .end : nil }
    var value = line[(colon + 1)...]
    if value.first == 0x20 { value = value.dropFirst() }
    if colon == 0 { return .comment(Array(value)) }
    return line[..<colon].elementsEqual("data".utf8) ? .data(Array(value)) : nil
  }
}

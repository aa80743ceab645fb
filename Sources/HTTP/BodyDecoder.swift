/// Takes a body out of the bytes of a connection, piece by piece.
struct BodyDecoder {
  enum Step: Equatable {
    /// The first `count` unused bytes are of the body.
    case data(count: Int)
    /// The first `count` unused bytes only delimit.
    case skip(count: Int)
    /// More bytes must arrive.
    case more
    case end
  }

  private enum State: Equatable {
    /// Bytes of a sized body, or of a chunk, that are still to come.
    case data(Int)
    case chunkSize
    case chunkEnd
    case trailer
    case untilClose
    case end
  }

  private let isChunked: Bool
  private var state: State
  /// Bytes that delimit, beyond what the data between them excuses.
  private var excess = 0

  /// A chunk size line, or one trailer, may be this long.
  private static let longestLine = 4096
  /// As Go's net/http: who sends mostly delimiters wants to keep us busy.
  private static let mostExcess = 16 * 1024

  init(_ framing: BodyFraming) {
    isChunked = framing == .chunked
    state =
      switch framing {
      case .length(let count): count == 0 ? .end : .data(count)
      case .chunked: .chunkSize
      case .untilClose: .untilClose
      }
  }

  var isAtEnd: Bool { state == .end }
  /// Whether the end of the stream ends the body, rather than cutting it.
  var endsWithStream: Bool { state == .untilClose || state == .end }

  /// What to do with the unused bytes.
  mutating func next(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> Step {
    switch state {
    case .end: return .end
    case _ where bytes.isEmpty: return .more
    case .untilClose: return .data(count: bytes.count)
    case .data(let left):
      let count = min(left, bytes.count)
      state = count < left ? .data(left - count) : isChunked ? .chunkEnd : .end
      return .data(count: count)
    case .chunkEnd:
      guard bytes.count >= 2 else { return .more }
      guard bytes[0] == 0x0D, bytes[1] == 0x0A else { throw .bad("a chunk is longer than its size says") }
      state = .chunkSize
      return .skip(count: 2)
    case .chunkSize: return try chunkSize(bytes)
    case .trailer: return try trailer(bytes)
    }
  }

  private mutating func chunkSize(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> Step {
    guard let line = try lineLength(bytes) else { return .more }
    let digits = bytes.prefix(line).prefix(while: isHexDigit)
    guard (1...15).contains(digits.count), isExtension(bytes[digits.endIndex..<line]),
      let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw .bad("a chunk's size is not a hexadecimal number") }
    try countExcess(line - digits.count - 16 - 2 * min(size, Self.mostExcess))
    state = size == 0 ? .trailer : .data(size)
    return .skip(count: line + 2)
  }

  /// Whether what follows a chunk's size is nothing, or begins with a semicolon; spaces before that are old servers'.
  private func isExtension(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    let rest = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    guard let first = rest.first else { return bytes.isEmpty }
    return first == UInt8(ascii: ";") && rest.allSatisfy(isTextByte)
  }

  private mutating func countExcess(_ bytes: Int) throws(HTTPError) {
    excess = max(0, excess + bytes)
    if excess > Self.mostExcess { throw .bad("there is more about the chunks than in them") }
  }

  private mutating func trailer(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> Step {
    guard let line = try lineLength(bytes) else { return .more }
    if line == 0 {
      state = .end
    } else {
      let name = bytes.prefix(line).prefix(while: isTokenByte)
      guard !name.isEmpty, name.count < line, bytes[name.count] == UInt8(ascii: ":"),
        bytes[name.count..<line].allSatisfy(isTextByte)
      else { throw .bad("a trailer is no field") }
      try countExcess(line)
    }
    return .skip(count: line + 2)
  }

  /// The length of the first line without its CR LF; nil when its end has not arrived.
  private func lineLength(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> Int? {
    guard let end = bytes.prefix(Self.longestLine).firstIndex(of: 0x0A) else {
      if bytes.count >= Self.longestLine { throw .bad("a chunk's line is too long") }
      return nil
    }
    guard end > 0, bytes[end - 1] == 0x0D, !bytes.prefix(end - 1).contains(0x0D) else {
      throw .bad("a chunk's line does not end in CR LF")
    }
    return end - 1
  }
}

private func isHexDigit(_ byte: UInt8) -> Bool {
  byte &- UInt8(ascii: "0") < 10 || lowercase(byte) &- UInt8(ascii: "a") < 6
}

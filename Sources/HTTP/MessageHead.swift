/// The start line and the fields of a request or a response, kept as the bytes that came.
///
/// Fields are found by comparing bytes, so that a relay which looks at three of fifteen makes three strings.
public struct MessageHead: Sendable {
  /// A part of ``bytes``.
  struct Range: Sendable {
    var start: Int32
    var end: Int32
  }

  struct Field: Sendable {
    var name: Range
    var value: Range
  }

  /// The head with its line ends, without the empty line.
  let bytes: [UInt8]
  /// Method, target and version; or version, status and reason.
  let startLine: (Range, Range, Range)
  let fields: [Field]

  /// The number of fields.
  public var fieldCount: Int { fields.count }

  /// The value of the first field called `name` (in lower case); nil when there is none.
  public subscript(name: String) -> String? {
    fields.first { matches($0.name, name) }.map { string($0.value) }
  }

  /// The values of all fields called `name` (in lower case), in order.
  public func values(_ name: String) -> [String] {
    fields.filter { matches($0.name, name) }.map { string($0.value) }
  }

  /// Whether a list field called `name` (in lower case) holds `token`, case aside.
  public func lists(_ name: String, _ token: String) -> Bool {
    values(name).contains { value in
      value.split(separator: ",").contains { trimmed($0).lowercased() == token }
    }
  }

  /// Calls `body` with the name (as it came) and the value of every field.
  public func forEachField(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void)
  {
    bytes.withUnsafeBytes { all in
      for field in fields {
        body(slice(all, field.name), slice(all, field.value))
      }
    }
  }

  /// A request's method, such as `POST`.
  public var method: String { string(startLine.0) }
  /// A request's target as it came, such as `/v1/models?x=1`.
  public var target: String { string(startLine.1) }
  /// A request target's path, without its query, of the absolute form too.
  public var path: String {
    let target = bytes[Int(startLine.1.start)..<Int(startLine.1.end)]
    if target.first == UInt8(ascii: "/") {
      return String(decoding: target.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
    }
    let path = originForm.prefix { $0 != "?" }
    return path.isEmpty ? "/" : String(path)
  }
  /// The value of the parameter `name` of a request target's query, percent-decoded; nil when it is not there.
  public func query(_ name: String) -> String? {
    guard let mark = target.firstIndex(of: "?") else { return nil }
    for pair in target[target.index(after: mark)...].split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if percentDecoded(parts[0]) == name { return parts.count > 1 ? percentDecoded(parts[1]) : "" }
    }
    return nil
  }

  /// A response's status, such as 200.
  public var status: Int { Int(string(startLine.1)) ?? 0 }

  /// Whether the message is HTTP/1.1; otherwise it is HTTP/1.0.
  public var isVersion11: Bool {
    // A method, HEAD too, has no slash.
    let isResponse = bytes[Int(startLine.0.start)..<Int(startLine.0.end)].contains(UInt8(ascii: "/"))
    let version = isResponse ? startLine.0 : startLine.2
    return bytes[Int(version.end) - 1] == UInt8(ascii: "1")
  }

  /// Whether the connection stays open after this message.
  public var keepsAlive: Bool {
    if lists("connection", "close") { return false }
    return isVersion11 || lists("connection", "keep-alive")
  }

  private var originForm: Substring {
    let target = target
    guard let scheme = target.range(of: "://") else { return target[...] }
    return target[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
  }

  func string(_ range: Range) -> String {
    String(decoding: bytes[Int(range.start)..<Int(range.end)], as: UTF8.self)
  }

  private func slice(_ all: UnsafeRawBufferPointer, _ range: Range) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: all[Int(range.start)..<Int(range.end)])
  }

  private func matches(_ range: Range, _ lowercased: String) -> Bool {
    let name = lowercased.utf8
    guard Int(range.end - range.start) == name.count else { return false }
    return zip(bytes[Int(range.start)..<Int(range.end)], name).allSatisfy { lowercase($0) == $1 }
  }
}

/// The text that a percent-encoded path or query part stands for; `+` is left alone in paths and queries alike.
@inlinable
public func percentDecoded(_ text: some StringProtocol) -> String {
  guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
  var bytes: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let byte = rest.popFirst() {
    if byte == UInt8(ascii: "%"), rest.count >= 2,
      let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
    {
      bytes.append(value)
      rest = rest.dropFirst(2)
    } else {
      bytes.append(byte)
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}

func lowercase(_ byte: UInt8) -> UInt8 {
  byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
}

private func trimmed(_ text: Substring) -> Substring {
  var text = text.drop { $0 == " " || $0 == "\t" }
  while let last = text.last, last == " " || last == "\t" { text.removeLast() }
  return text
}

extension String {
  /// The first place of `needle`, since the standard library alone has no such search for strings.
  fileprivate func range(of needle: String) -> Swift.Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
      start = index(after: start)
    }
    return nil
  }
}

import Glibc

/// One line of a Prometheus page.
public struct PrometheusSample: Sendable, Equatable {
  /// One label.
  public struct Label: Sendable, Equatable {
    /// The label's name.
    public let name: String
    /// The value, unescaped.
    public let value: String
  }

  /// The series' name, with its `_bucket`, `_sum`, `_count` or `_total`.
  public let name: String
  /// The labels in the page's order.
  public let labels: [Label]
  /// The value; may be infinite or NaN.
  public let value: Double

  /// The value of the label `name`; nil when there is none.
  public subscript(label name: String) -> String? { labels.first { $0.name == name }?.value }
}

/// Why a Prometheus page could not be read.
public struct PrometheusError: Error, Equatable, CustomStringConvertible {
  /// The line, counted from one.
  public let line: Int
  /// What is wrong there.
  public let problem: String
  /// A message that names the line.
  public var description: String { "metrics page, line \(line): \(problem)" }
}

/// Reads the Prometheus text exposition format, also the parts of OpenMetrics that servers mix in.
public enum PrometheusReader {
  /// The samples of a page whose names pass `isWanted`; the others cost no allocation.
  ///
  /// - Throws: the first malformed line. Comments, exemplars and time stamps are skipped.
  public static func samples(
    in page: some Collection<UInt8>, where isWanted: (String) -> Bool = { _ in true }
  ) throws(PrometheusError) -> [PrometheusSample] {
    var reader = PrometheusPage(bytes: Array(page))
    var result: [PrometheusSample] = []
    while reader.hasMore {
      if let sample = try reader.readLine(isWanted) { result.append(sample) }
    }
    return result
  }
}

/// A page being read, byte by byte.
///
/// Neighbouring lines mostly share their name and all labels but one, so what equals the line before is taken from there.
struct PrometheusPage {
  /// Some bytes and what they were found to say.
  private struct Known<Value> {
    var bytes = 0..<0
    var value: Value
  }

  let bytes: [UInt8]
  private var position = 0
  private(set) var line: Int
  private var name = Known(value: "")
  private var isNameWanted = false
  private var labels: [PrometheusSample.Label] = []
  /// Where the labels stood, each from its name to its closing quote.
  private var labelBytes: [Range<Int>] = []

  /// Bytes of which the first line has a number.
  init(bytes: [UInt8], line: Int = 1) {
    self.bytes = bytes
    self.line = line
  }

  var hasMore: Bool { position < bytes.count }

  /// Reads a line and goes behind its end.
  mutating func readLine(_ isWanted: (String) -> Bool) throws(PrometheusError) -> PrometheusSample? {
    let sample = try readSample(isWanted)
    while let byte = peek, byte != Self.newline { position += 1 }
    position += 1
    line += 1
    return sample
  }

  private mutating func readSample(
    _ isWanted: (String) -> Bool
  ) throws(PrometheusError) -> PrometheusSample? {
    skipBlanks()
    guard let first = peek, first != Self.newline, first != Self.carriageReturn, first != UInt8(ascii: "#")
    else { return nil }
    try readName(isWanted)
    guard isNameWanted else { return nil }
    skipBlanks()
    try readLabels()
    skipBlanks()
    return PrometheusSample(name: name.value, labels: labels, value: try readValue())
  }

  private mutating func readName(_ isWanted: (String) -> Bool) throws(PrometheusError) {
    let start = position
    if skip(name.bytes), !isInName { return }
    position = start
    while isInName { position += 1 }
    guard position > start else { throw error("a metric name was expected") }
    name = Known(bytes: start..<position, value: text(start..<position))
    isNameWanted = isWanted(name.value)
  }

  private mutating func readLabels() throws(PrometheusError) {
    guard take("{") else {
      labels = []
      labelBytes = []
      return
    }
    var index = 0
    while true {
      skipBlanks()
      if take("}") { break }
      try readLabel(index)
      index += 1
      skipBlanks()
      guard take(",") || peek == UInt8(ascii: "}") else {
        throw error("`,` or `}` was expected in the labels")
      }
    }
    if index < labels.count {
      labels.removeSubrange(index...)
      labelBytes.removeSubrange(index...)
    }
  }

  /// Reads the label at a place among the others.
  private mutating func readLabel(_ index: Int) throws(PrometheusError) {
    let start = position
    if index < labelBytes.count, skip(labelBytes[index]) { return }
    let label = try readNewLabel()
    if index < labels.count {
      labels[index] = label
      labelBytes[index] = start..<position
    } else {
      labels.append(label)
      labelBytes.append(start..<position)
    }
  }

  private mutating func readNewLabel() throws(PrometheusError) -> PrometheusSample.Label {
    let start = position
    while let byte = peek, Self.isNamePart(byte) { position += 1 }
    let name = start..<position
    skipBlanks()
    guard !name.isEmpty, take("=") else { throw error("`name=` was expected in the labels") }
    skipBlanks()
    return .init(name: text(name), value: try readQuoted())
  }

  private mutating func readQuoted() throws(PrometheusError) -> String {
    guard take("\"") else { throw error("a quoted label value was expected") }
    let start = position
    var isEscaped = false
    while let byte = peek, byte != Self.newline {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        let range = start..<position - 1
        return isEscaped ? unescaped(range) : text(range)
      case UInt8(ascii: "\\"):
        isEscaped = true
        if let escaped = peek, escaped != Self.newline { position += 1 }
      default: break
      }
    }
    throw error("a label value does not end")
  }

  private func unescaped(_ range: Range<Int>) -> String {
    var value: [UInt8] = []
    var isEscaped = false
    for byte in bytes[range] {
      if !isEscaped, byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        value.append(isEscaped && byte == UInt8(ascii: "n") ? Self.newline : byte)
        isEscaped = false
      }
    }
    return String(decoding: value, as: UTF8.self)
  }

  private mutating func readValue() throws(PrometheusError) -> Double {
    let start = position
    while let byte = peek, byte > 0x20 || (byte != Self.newline && !Self.isBlank(byte)) { position += 1 }
    if position > start, bytes[position - 1] == Self.carriageReturn { position -= 1 }
    let word = start..<position
    if let value = plainNumber(word) { return value }
    let text = text(word)
    guard let value = Self.number(text) else { throw error("`\(text)` is no number") }
    return value
  }

  /// A number of digits and at most a point: exact as long as both the digits and the power of ten are (Clinger 1990).
  private func plainNumber(_ word: Range<Int>) -> Double? {
    guard (1...16).contains(word.count) else { return nil }
    var digits = 0
    var divisor = 1.0
    var hasPoint = false
    for byte in bytes[word] {
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        digits = digits * 10 + Int(byte - UInt8(ascii: "0"))
        if hasPoint { divisor *= 10 }
      } else {
        return nil
      }
    }
    guard digits < 1 << 53, word.count > (hasPoint ? 1 : 0) else { return nil }
    return Double(digits) / divisor
  }

  private static let newline: UInt8 = 0x0A
  private static let carriageReturn: UInt8 = 0x0D

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// Whether the next byte belongs to a metric's name.
  private var isInName: Bool {
    peek.map { Self.isNamePart($0) || $0 == UInt8(ascii: ":") } ?? false
  }

  private static func number(_ text: String) -> Double? {
    switch text {
    case "+Inf", "Inf": .infinity
    case "-Inf": -.infinity
    default: Double(text)
    }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek, Self.isBlank(byte) { position += 1 }
  }

  /// Goes over bytes that are the same as some before, if they are.
  private mutating func skip(_ known: Range<Int>) -> Bool {
    guard !known.isEmpty, position + known.count <= bytes.count else { return false }
    let isSame = bytes.withUnsafeBytes { page in
      page.baseAddress.map { memcmp($0 + position, $0 + known.lowerBound, known.count) == 0 } ?? false
    }
    if isSame { position += known.count }
    return isSame
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private func error(_ problem: String) -> PrometheusError { PrometheusError(line: line, problem: problem) }
}

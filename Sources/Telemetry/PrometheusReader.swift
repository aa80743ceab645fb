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
  /// The samples of a page whose names pass `isWanted`; the others cost no allocation of labels.
  ///
  /// - Throws: the first malformed line. Comments, exemplars and time stamps are skipped.
  public static func samples(
    in page: some Collection<UInt8>, where isWanted: (String) -> Bool = { _ in true }
  ) throws(PrometheusError) -> [PrometheusSample] {
    var result: [PrometheusSample] = []
    var number = 0
    for line in page.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      var cursor = PrometheusLine(bytes: Array(line), number: number)
      if let sample = try cursor.read(isWanted) { result.append(sample) }
    }
    return result
  }
}

/// A reader of one line.
private struct PrometheusLine {
  let bytes: [UInt8]
  let number: Int
  var position = 0

  init(bytes: [UInt8], number: Int) {
    self.bytes = bytes.last == 0x0D ? bytes.dropLast() : bytes
    self.number = number
  }

  mutating func read(_ isWanted: (String) -> Bool) throws(PrometheusError) -> PrometheusSample? {
    skipBlanks()
    guard let first = peek, first != UInt8(ascii: "#") else { return nil }
    let name = word { Self.isNamePart($0) || $0 == UInt8(ascii: ":") }
    guard !name.isEmpty else { throw error("a metric name was expected") }
    guard isWanted(name) else { return nil }
    skipBlanks()
    let labels = try readLabels()
    skipBlanks()
    let text = word { $0 != 0x20 && $0 != 0x09 }
    guard let value = Self.number(text) else { throw error("`\(text)` is no number") }
    return PrometheusSample(name: name, labels: labels, value: value)
  }

  private mutating func readLabels() throws(PrometheusError) -> [PrometheusSample.Label] {
    guard take("{") else { return [] }
    var labels: [PrometheusSample.Label] = []
    while true {
      skipBlanks()
      if take("}") { return labels }
      let name = word(Self.isNamePart)
      skipBlanks()
      guard !name.isEmpty, take("=") else { throw error("`name=` was expected in the labels") }
      skipBlanks()
      labels.append(.init(name: name, value: try readQuoted()))
      skipBlanks()
      guard take(",") || peek == UInt8(ascii: "}") else {
        throw error("`,` or `}` was expected in the labels")
      }
    }
  }

  private mutating func readQuoted() throws(PrometheusError) -> String {
    guard take("\"") else { throw error("a quoted label value was expected") }
    var value: [UInt8] = []
    while let byte = next() {
      switch byte {
      case UInt8(ascii: "\""):
        return String(decoding: value, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = next() else { break }
        value.append(escaped == UInt8(ascii: "n") ? 0x0A : escaped)
      default:
        value.append(byte)
      }
    }
    throw error("a label value does not end")
  }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func number(_ text: String) -> Double? {
    switch text {
    case "+Inf", "Inf": .infinity
    case "-Inf": -.infinity
    default: Double(text)
    }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func next() -> UInt8? {
    guard let byte = peek else { return nil }
    position += 1
    return byte
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x09 { position += 1 }
  }

  private mutating func word(_ belongs: (UInt8) -> Bool) -> String {
    let start = position
    while let byte = peek, belongs(byte) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private func error(_ problem: String) -> PrometheusError { PrometheusError(line: number, problem: problem) }
}

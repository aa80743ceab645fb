/// Labels of a Prometheus series, escaped once and reused at every scrape.
public struct MetricLabels: Sendable, Equatable {
  /// `name="value"` pairs joined by commas, without braces.
  let text: String

  /// Labels in the given order; names must be valid, values may hold anything.
  public init(_ pairs: KeyValuePairs<String, String> = [:]) {
    text = pairs.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
  }

  private init(text: String) { self.text = text }

  /// These labels and one more.
  public func adding(_ name: String, _ value: String) -> MetricLabels {
    let pair = "\(name)=\"\(Self.escaped(value))\""
    return MetricLabels(text: text.isEmpty ? pair : text + "," + pair)
  }

  private static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return value }
    return value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
  }
}

/// Writes the Prometheus text exposition format (0.0.4).
public struct PrometheusWriter: Sendable {
  /// A metric family's type.
  public enum Kind: String, Sendable {
    /// A number that only grows.
    case counter
    /// A number that goes up and down.
    case gauge
    /// Buckets, sum and count.
    case histogram
  }

  /// The `Content-Type` of the result.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// An empty page.
  public init() {}

  /// Begins a family; all its samples must follow at once.
  public mutating func family(_ name: String, _ kind: Kind, help: String) {
    write("# HELP ", name, " ", help.split(separator: "\n").joined(separator: " "), "\n")
    write("# TYPE ", name, " ", kind.rawValue, "\n")
  }

  /// Writes a sample with a whole value.
  public mutating func sample(_ name: String, _ labels: MetricLabels = .init(), _ value: Int64) {
    series(name, labels.text, String(value))
  }

  /// Writes a sample.
  public mutating func sample(_ name: String, _ labels: MetricLabels = .init(), _ value: Double) {
    series(name, labels.text, Self.number(value))
  }

  /// Writes a histogram's buckets, sum and count.
  public mutating func samples(_ name: String, _ labels: MetricLabels = .init(), _ histogram: Histogram) {
    let bucket = name + "_bucket"
    var seen: Int64 = 0
    for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
      seen += count
      series(bucket, labels.adding("le", Self.number(bound)).text, String(seen))
    }
    series(name + "_sum", labels.text, Self.number(histogram.sum))
    series(name + "_count", labels.text, String(seen))
  }

  private mutating func series(_ name: String, _ labels: String, _ value: String) {
    if labels.isEmpty {
      write(name, " ", value, "\n")
    } else {
      write(name, "{", labels, "} ", value, "\n")
    }
  }

  private mutating func write(_ parts: String...) {
    for part in parts { bytes.append(contentsOf: part.utf8) }
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value.description
  }
}

import ControlAPI

/// Numbers as people read them; a dash is what nobody knows.
enum Quantity {
  static let unknown = "–"

  static func seconds(_ value: Double?) -> String {
    guard let value else { return unknown }
    if value < 0.0995 { return fixed(value * 1000, 1) + "ms" }
    if value < 1 { return fixed(value * 1000, 0) + "ms" }
    return fixed(value, value < 10 ? 2 : 1) + "s"
  }

  static func rate(_ value: Double?) -> String {
    guard let value else { return unknown }
    if value >= 100_000 { return fixed(value / 1000, 0) + "k" }
    return fixed(value, value < 100 ? 1 : 0)
  }

  static func percent(_ value: Double?) -> String {
    value.map { fixed($0 * 100, 0) + "%" } ?? unknown
  }

  static func count(_ value: Int?) -> String { value.map(String.init) ?? unknown }

  static func bytes(_ value: Int?) -> String {
    guard let value else { return unknown }
    let mebibytes = Double(value) / 1_048_576
    return mebibytes < 1024 ? fixed(mebibytes, 0) + "Mi" : fixed(mebibytes / 1024, 1) + "Gi"
  }

  /// `value` with so many decimals.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let whole = String(scaled / scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + whole }
    let fraction = String(scaled % scale)
    return sign + whole + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }
}

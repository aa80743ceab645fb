/// Numbers as operators read them: short, with their unit, and a dash for what is not known.
enum Units {
  static let unknown = "–"

  /// `0.4`, `41.2`, `412`, `38.2k`, `1.5M`.
  static func count(_ value: Double?) -> String {
    guard let value, value.isFinite else { return unknown }
    let size = abs(value)
    if size >= 999_500 { return decimals(value / 1_000_000, 1) + "M" }
    if size >= 9_995 { return decimals(value / 1_000, 1) + "k" }
    return size >= 99.95 ? decimals(value, 0) : decimals(value, 1)
  }

  /// A whole number, shortened from 10 000 on.
  static func whole(_ value: Int?) -> String {
    guard let value else { return unknown }
    return (-9999...9999).contains(value) ? String(value) : count(Double(value))
  }

  /// The whole number next to a sum; nil for none.
  static func integer(_ value: Double) -> Int? { Int(exactly: min(max(value, -1e15), 1e15).rounded()) }

  /// A duration, marked when it is interpolated.
  static func duration(_ seconds: Double?, isEstimate: Bool) -> String {
    (isEstimate && seconds != nil ? "~" : "") + duration(seconds)
  }

  /// `0.4ms`, `24ms`, `1.41s`, `2m05s`, `3h10m`, `2d04h`.
  static func duration(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite else { return unknown }
    if seconds < 0.00995 { return decimals(seconds * 1000, 1) + "ms" }
    if seconds < 0.9995 { return decimals(seconds * 1000, 0) + "ms" }
    if seconds < 9.995 { return decimals(seconds, 2) + "s" }
    if seconds < 99.95 { return decimals(seconds, 1) + "s" }
    let whole = Int(min(seconds, 1e15).rounded())
    if whole < 3600 { return "\(whole / 60)m\(two(whole % 60))s" }
    if whole < 86_400 { return "\(whole / 3600)h\(two(whole / 60 % 60))m" }
    return "\(whole / 86_400)d\(two(whole / 3600 % 24))h"
  }

  /// A length of time that somebody chose: `10s`, `1m`, `5m`.
  static func span(_ seconds: Double) -> String {
    guard seconds.isFinite else { return unknown }
    let whole = Int(min(max(0, seconds), 1e15).rounded())
    return whole >= 60 && whole % 60 == 0 ? "\(whole / 60)m" : "\(whole)s"
  }

  /// An age in whole seconds: `3s`, `2m05s`.
  static func age(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite else { return unknown }
    return seconds < 100 ? "\(Int(max(0, seconds).rounded()))s" : duration(seconds)
  }

  /// `81%`; something small is not nothing.
  static func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return unknown }
    if share > 0, share < 0.005 { return "<1%" }
    return decimals(share * 100, 0) + "%"
  }

  /// `412M`, `1.2G`.
  static func bytes(_ value: Int?) -> String {
    guard let value else { return unknown }
    let steps: [(String, Double)] = [("T", 0x1p40), ("G", 0x1p30), ("M", 0x1p20), ("K", 0x1p10)]
    for (name, size) in steps where Double(value) >= size {
      let scaled = Double(value) / size
      return decimals(scaled, scaled < 9.95 ? 1 : 0) + name
    }
    return String(value)
  }

  /// `value` with so many digits behind the point.
  static func decimals(_ value: Double, _ digits: Int) -> String {
    let scale = [1.0, 10, 100][min(digits, 2)]
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e15 else { return "many" }
    let whole = Int(scaled)
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let fraction = String(whole % Int(scale))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\(whole / Int(scale)).\(zeros)\(fraction)"
  }

  static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}

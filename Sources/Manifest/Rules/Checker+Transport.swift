extension Checker {
  /// Links have latency and speed, or are down.
  mutating func checkLinks() {
    guard let read = values[FieldPath.links] else { return }
    guard case .map(let members) = read.value else {
      return report("`links` is a mapping, found \(read.value.json())", read)
    }
    for member in members {
      if !["inter", "intra"].contains(member.key), !Self.isPair(member.key) {
        report("`links.\(member.key)` is neither `inter`, `intra` nor two nodes like `0-1`", read)
      }
      if let objection = Self.objection(to: member) { report(objection, read) }
    }
  }

  private mutating func report(_ message: String, _ read: ReadValue) {
    diagnostics.report(
      .badValue, message, at: read.keySpan,
      help: "write links like `{inter: {latency_us: 50, gbps: 100}, 0-1: down}`")
  }

  private static func isPair(_ name: String) -> Bool {
    let ends = name.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    return ends.count == 2 && ends[0] != ends[1] && ends.allSatisfy { $0.map { $0 >= 0 } ?? false }
  }

  private static func objection(to member: Value.Member) -> String? {
    if member.value == .text("down"), member.key != "intra" { return nil }
    guard case .map(let fields) = member.value else {
      return "`links.\(member.key)` is `{latency_us, gbps}` or `down`, found \(member.value.json())"
    }
    for field in fields {
      guard ["latency_us", "gbps"].contains(field.key) else {
        return "`links.\(member.key)` has no field `\(field.key)`"
      }
      let number: Double? =
        switch field.value {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
      guard let number, number >= 0, number <= 1e9, field.key != "gbps" || number > 0 else {
        return "`links.\(member.key).\(field.key)` must be a number above 0, found \(field.value.json())"
      }
    }
    return nil
  }
}

/// Times as a clock on the wall shows them.
enum WallTime {
  /// `12:04:31` of seconds since 1970, `offset` seconds east of Greenwich.
  static func clock(_ seconds: Double, offset: Int) -> String {
    guard seconds.isFinite, abs(seconds) < 1e12 else { return Units.unknown }
    let local = Int(seconds.rounded(.down)) + offset
    let day = ((local % 86_400) + 86_400) % 86_400
    return [day / 3600, day / 60 % 60, day % 60].map(Units.two).joined(separator: ":")
  }

  /// Seconds since 1970 of an RFC 3339 time in UTC (`2026-01-31T12:04:31.250Z`); nil for anything else.
  static func seconds(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
    func number(_ range: Range<Int>) -> Int? { Int(String(decoding: bytes[range], as: UTF8.self)) }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    let fraction =
      bytes[19] == UInt8(ascii: ".")
      ? Double("0" + String(decoding: bytes[19..<(bytes.count - 1)], as: UTF8.self)) : 0
    guard let fraction else { return nil }
    let time = hour * 3600 + minute * 60 + second
    return Double(days(year, month, day) * 86_400 + time) + fraction
  }

  /// Days since 1970 in the Gregorian calendar (Hinnant's `days_from_civil`).
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}

/// A `.theme` file in btop's format: lines `theme[key]="value"`, comments after `#`.
///
/// A value is `#RRGGBB`, `#GG` (a grey), `R G B` in decimal, or empty for the terminal's own colour (or, for `_mid` and
/// `_end`, no such stop). Keys that we do not know are kept and ignored, so users' own btop themes load, and ours load in
/// btop.
public struct ThemeFile: Sendable, Equatable {
  /// What each key says; nil for an empty value.
  public private(set) var colors: [String: Color?]
  /// Lines that could not be read, for people.
  public private(set) var problems: [String]

  /// Reads a file's text; what cannot be read is noted and left out.
  public init(_ text: String) {
    colors = [:]
    problems = []
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() {
      let line = line.drop { $0 == " " || $0 == "\t" }
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      if let problem = read(line) { problems.append("line \(index + 1): \(problem)") }
    }
  }

  /// The colour of a key; nil when it is missing or empty.
  public func color(_ key: String) -> Color? { colors[key] ?? nil }

  /// Whether the file says anything about a key, be it that it is empty.
  public func names(_ key: String) -> Bool { colors[key] != nil }

  private mutating func read(_ line: Substring) -> String? {
    guard line.hasPrefix("theme["), let bracket = line.firstIndex(of: "]") else {
      return "not of the form theme[key]=\"value\""
    }
    let key = String(line[line.index(line.startIndex, offsetBy: 6)..<bracket])
    let rest = line[line.index(after: bracket)...].drop { $0 == " " }
    guard rest.first == "=" else { return "= is missing after theme[\(key)]" }
    let value = Self.unquoted(rest.dropFirst().drop { $0 == " " })
    if value.isEmpty {
      colors[key] = .some(nil)
    } else if let color = Color(value) {
      colors[key] = color
    } else {
      return "`\(value)` is no colour: write #RRGGBB, #GG or R G B"
    }
    return nil
  }

  private static func unquoted(_ text: Substring) -> String {
    guard let quote = text.first, quote == "\"" || quote == "'" else {
      return String(text.prefix { $0 != " " && $0 != "\t" })
    }
    return String(text.dropFirst().prefix { $0 != quote })
  }
}

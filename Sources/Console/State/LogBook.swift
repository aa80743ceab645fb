public import ControlAPI

/// Log lines and events in one stream, and how they are looked at.
public struct LogBook: Sendable, Equatable {
  /// A line of the stream.
  public struct Entry: Sendable, Hashable {
    /// When it was written, or came, in seconds since 1970; nil for lines of before we looked that do not say.
    public var time: Double?
    /// Whose it is.
    public var replica: String?
    /// What it says.
    public var text: String
    /// How much it matters; nil for a log line, which does not say.
    public var severity: Severity?
  }

  private static let mostEntries = 5000

  /// Whose logs are read.
  public internal(set) var application: String?
  /// The one replica whose lines are shown; nil shows all.
  public internal(set) var replica: String?
  /// Where the next page begins.
  public private(set) var cursor: String?
  /// When the first page came: lines of it without a time are older.
  private var readSince = -Double.infinity
  /// Whether an answer is awaited.
  public internal(set) var isAsked = false
  private var lines: [Entry] = []
  /// What is highlighted.
  public internal(set) var search = ""
  /// What alone is shown; empty shows all.
  public internal(set) var filter = ""
  /// Whether the newest line stays in sight.
  public internal(set) var isFollowing = true
  /// Whether long lines go on in the next row.
  public internal(set) var isWrapping = false
  /// Lines hidden below the last one in sight, while not following.
  public internal(set) var hiddenBelow = 0

  init() {}

  /// Begins with another application or replica.
  mutating func open(application: String?, replica: String?) {
    guard application != self.application || replica != self.replica else { return }
    (self.application, self.replica, cursor, lines) = (application, replica, nil, [])
    (isAsked, isFollowing, hiddenBelow) = (false, true, 0)
  }

  /// Takes a page over; lines that do not say when they were written are new now, unless the page is the first.
  mutating func take(_ page: LogPage, at now: Double) {
    isAsked = false
    if cursor == nil { readSince = now }
    let came = cursor == nil ? nil : now
    let new = page.lines.map { line in
      Entry(
        time: line.time.flatMap(WallTime.seconds) ?? came, replica: line.replica, text: line.text,
        severity: nil)
    }
    cursor = page.cursor
    lines += new
    lines.removeFirst(max(0, lines.count - Self.mostEntries))
    if !isFollowing { hiddenBelow += new.count { shows($0) } }
  }

  /// The stream: lines of before, then lines and events by time; only what the filter lets through, and what there was at
  /// a moment, nil for the present.
  public func entries(among events: [Event], until moment: Double? = nil) -> [Entry] {
    let told = events.compactMap { event -> Entry? in
      guard event.application == application, replica == nil || event.replica == replica else { return nil }
      return Entry(
        time: WallTime.seconds(event.time), replica: event.replica, text: event.message,
        severity: event.severity)
    }
    var merged: [Entry] = []
    var rest = told[...]
    for line in lines where moment.map({ (line.time ?? readSince) <= $0 }) ?? true {
      while let event = rest.first, let time = line.time, (event.time ?? 0) <= time {
        merged.append(rest.removeFirst())
      }
      merged.append(line)
    }
    let pattern = TextPattern(filter)
    return (merged + rest).filter { pattern.matches($0.line) }
  }

  /// Shows only lines in which something stands, the newest in sight.
  mutating func show(only text: String) {
    (filter, isFollowing, hiddenBelow) = (text, true, 0)
  }

  private func shows(_ entry: Entry) -> Bool { TextPattern(filter).matches(entry.line) }
}

extension LogBook.Entry {
  /// What is searched and saved.
  var line: String { (replica.map { $0 + " " } ?? "") + text }
}

/// What users type to find lines: text, or a regular expression; `!` before it finds all others.
///
/// Small letters find capitals, too.
public struct TextPattern {
  private let needle: String
  private let regex: Regex<AnyRegexOutput>?
  private let isInverted: Bool
  private let ignoresCase: Bool

  /// Reads what was typed; what is no valid expression is taken as text.
  public init(_ typed: String) {
    isInverted = typed.hasPrefix("!") && typed.count > 1
    let text = isInverted ? String(typed.dropFirst()) : typed
    ignoresCase = text == text.lowercased()
    needle = text
    let isExpression = text.contains { ".*+?[](){}|^$\\".contains($0) }
    regex = isExpression ? try? Regex(text).ignoresCase(ignoresCase) : nil
  }

  /// Whether a line is found.
  public func matches(_ line: String) -> Bool {
    needle.isEmpty || (ranges(in: line).isEmpty == isInverted)
  }

  /// Where it stands in a line; nowhere for an empty pattern.
  func ranges(in line: String) -> [Range<String.Index>] {
    guard !needle.isEmpty else { return [] }
    if let regex { return line.ranges(of: regex).filter { !$0.isEmpty } }
    return ignoresCase ? line.lowercasedRanges(of: needle) : line.ranges(of: needle)
  }
}

extension String {
  /// Where a lower-case needle stands, whatever the case there.
  fileprivate func lowercasedRanges(of needle: String) -> [Range<String.Index>] {
    let lowered = lowercased()
    // A lower-case form of another length would shift all places; such lines are searched as they are.
    guard lowered.utf8.count == utf8.count else { return ranges(of: needle) }
    return lowered.ranges(of: needle).map { range in
      let start = lowered.utf8.distance(from: lowered.startIndex, to: range.lowerBound)
      let length = lowered.utf8.distance(from: range.lowerBound, to: range.upperBound)
      let lower = utf8.index(startIndex, offsetBy: start)
      return lower..<utf8.index(lower, offsetBy: length)
    }
  }
}

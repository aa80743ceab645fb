/// Progress on one line: rewritten in place on a terminal, a new line only when something changed elsewhere.
///
/// It writes nothing itself: each call gives the bytes to write, so that it has neither a clock nor a file.
public struct ProgressLine: Sendable {
  private let isTerminal: Bool
  private let width: Int
  private var shown: String?

  /// Makes a line for an output of `width` cells.
  public init(isTerminal: Bool, width: Int = 80) {
    self.isTerminal = isTerminal
    self.width = max(20, width)
  }

  /// What to write so that the line says `text`; nothing when it already does.
  public mutating func update(_ text: String) -> String {
    guard text != shown else { return "" }
    shown = text
    return isTerminal ? "\r\u{1b}[K" + fitted(text) : text + "\n"
  }

  /// What to write to leave the line standing and go on below it.
  public mutating func finish() -> String {
    defer { shown = nil }
    return isTerminal && shown != nil ? "\n" : ""
  }

  /// What to write to take the line away.
  public mutating func clear() -> String {
    defer { shown = nil }
    return isTerminal && shown != nil ? "\r\u{1b}[K" : ""
  }

  /// A bar of `cells` cells that is filled to a share of 0...1.
  public static func bar(_ share: Double, cells: Int) -> String {
    let filled = share.isFinite ? Int((min(1, max(0, share)) * Double(cells)).rounded()) : 0
    return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: cells - filled) + "]"
  }

  /// The last cell stays free: a full line would wrap on some terminals and leave a trace.
  private func fitted(_ text: String) -> String {
    guard TextTable.cells(text) >= width else { return text }
    var kept = ""
    var cells = 0
    for character in text where character != "\n" {
      cells += TextWrap.cells(String(character))
      if cells > width - 4 { break }
      kept.append(character)
    }
    return kept + "..."
  }
}

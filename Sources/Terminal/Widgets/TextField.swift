/// A line of text being typed.
public struct TextField: Sendable, Hashable {
  /// What has been typed.
  public private(set) var text: String
  /// Characters before the cursor.
  public private(set) var cursor: Int
  /// The most characters it takes.
  public let limit: Int

  /// Starts with `text`, the cursor behind it.
  public init(_ text: String = "", limit: Int = 256) {
    self.text = text
    self.limit = limit
    cursor = text.count
  }

  /// Takes a key and says whether it was one for a text field.
  public mutating func take(_ event: InputEvent) -> Bool {
    switch event {
    case .key(.character(let character), let modifiers) where modifiers.subtracting(.shift).isEmpty:
      insert(String(character))
    case .key(.character("u"), .control): clear()
    case .key(.character("a"), .control), .key(.home, _): cursor = 0
    case .key(.character("e"), .control), .key(.end, _): cursor = text.count
    case .key(.left, _): cursor = max(0, cursor - 1)
    case .key(.right, _): cursor = min(text.count, cursor + 1)
    case .key(.backspace, _): remove(before: cursor)
    case .key(.delete, _): remove(before: cursor + 1)
    case .paste(let pasted): insert(pasted)
    default: return false
    }
    return true
  }

  /// Draws it as `width` cells with the cursor reversed.
  public func draw(in buffer: inout CellBuffer, _ x: Int, _ y: Int, width: Int, _ style: CellStyle) {
    guard width > 0 else { return }
    let shown = text.dropFirst(max(0, cursor - width + 1))
    buffer.fill(Rect(x: x, y: y, width: width, height: 1), style)
    buffer.put(String(shown), x, y, style, limit: width)
    let ahead = CharacterWidth.cells(of: shown.prefix(cursor - (text.count - shown.count)))
    buffer.restyle(Rect(x: x + min(ahead, width - 1), y: y, width: 1, height: 1)) { $0.adding(.reverse) }
  }

  private mutating func insert(_ addition: String) {
    let clean = addition.filter { $0.unicodeScalars.allSatisfy { CharacterWidth.cells(of: $0) >= 0 } }
    let accepted = clean.prefix(max(0, limit - text.count))
    text.insert(contentsOf: accepted, at: text.index(text.startIndex, offsetBy: cursor))
    // A mark joins the character before it, so the count need not grow by what was typed.
    cursor = min(text.count, cursor + accepted.count)
  }

  private mutating func remove(before position: Int) {
    guard position >= 1, position <= text.count else { return }
    text.remove(at: text.index(text.startIndex, offsetBy: position - 1))
    cursor = position - 1
  }

  private mutating func clear() {
    text = ""
    cursor = 0
  }
}

/// A style in colours that a terminal has: what it draws with until it is told otherwise.
struct Pen: Hashable, Sendable {
  var attributes: Attributes = []
  var foreground: ResolvedColor = .terminal
  var background: ResolvedColor = .terminal

  /// What a terminal draws with by itself.
  static let plain = Pen()

  /// The SGR sequence that makes a terminal which draws with `old` draw with this; nothing where they are the same.
  func sequence(after old: Pen) -> String {
    var old = old
    var codes: [String] = []
    let dropped = old.attributes.subtracting(attributes)
    if self == .plain, old != .plain {
      codes = [""]
      old = .plain
    } else if !dropped.isEmpty, foreground == .terminal, background == .terminal {
      // Terminals without colours may know no other way to end an attribute.
      codes = ["0"]
      old = .plain
    } else {
      if !dropped.isDisjoint(with: [.bold, .dim]) {
        codes.append("22")
        old.attributes.subtract([.bold, .dim])
      }
      if dropped.contains(.underline) { codes.append("24") }
      if dropped.contains(.reverse) { codes.append("27") }
    }
    let gained = attributes.subtracting(old.attributes)
    if gained.contains(.bold) { codes.append("1") }
    if gained.contains(.dim) { codes.append("2") }
    if gained.contains(.underline) { codes.append("4") }
    if gained.contains(.reverse) { codes.append("7") }
    if foreground != old.foreground { codes.append(Self.code(foreground, base: 30)) }
    if background != old.background { codes.append(Self.code(background, base: 40)) }
    return codes.isEmpty ? "" : "\u{1b}[\(codes.joined(separator: ";"))m"
  }

  private static func code(_ color: ResolvedColor, base: Int) -> String {
    switch color {
    case .terminal: "\(base + 9)"
    case .index(let slot) where slot < 8: "\(base + Int(slot))"
    case .index(let slot) where slot < 16: "\(base + 60 + Int(slot) - 8)"
    case .index(let slot): "\(base + 8);5;\(slot)"
    case .rgb(let red, let green, let blue): "\(base + 8);2;\(red);\(green);\(blue)"
    }
  }
}

/// Styles as pens, and the ways from one to another: a screen has few of either, and to find a palette's nearest colour
/// is not cheap.
struct PenCase {
  private struct Change: Hashable {
    var old: Pen
    var new: Pen
  }

  private let depth: ColorDepth
  /// Whether the upper eight of sixteen colours can only be had in bold.
  private let isBrightBold: Bool
  private var pens: [CellStyle: Pen] = [:]
  private var changes: [Change: String] = [:]

  init(depth: ColorDepth, isBrightBold: Bool = false) {
    self.depth = depth
    self.isBrightBold = isBrightBold
  }

  mutating func pen(for style: CellStyle) -> Pen {
    if let known = pens[style] { return known }
    var pen = Pen(
      attributes: style.attributes, foreground: depth.resolve(style.foreground),
      background: depth.resolve(style.background, isBackground: true))
    if isBrightBold, case .index(let slot) = pen.foreground, (8..<16).contains(slot) {
      pen.foreground = .index(slot - 8)
      pen.attributes.insert(.bold)
    }
    pens[style] = pen
    return pen
  }

  mutating func sequence(from old: Pen, to new: Pen) -> String {
    if old == new { return "" }
    let change = Change(old: old, new: new)
    if let known = changes[change] { return known }
    let text = new.sequence(after: old)
    changes[change] = text
    return text
  }
}

/// Where cells lie in a picture.
enum SVGCell {
  static let width = 8
  static let height = 17

  static func x(_ column: Int) -> Int { 8 + column * width }
  static func y(_ row: Int) -> Int { 8 + row * height }
}

/// Characters as paths: in most fonts frames have gaps between rows, and Braille is of another width.
struct SVGShapes {
  private var lines = ""
  private var dots = ""
  /// Filled parts of cells, by how dense they are.
  private var fills: [(opacity: String, path: String)] = [
    ("1", ""), ("0.25", ""), ("0.5", ""), ("0.75", ""),
  ]

  /// Adds a character at a cell; false for one that is text.
  mutating func add(_ character: Character, column: Int, row: Int) -> Bool {
    guard let scalar = character.unicodeScalars.first, character.unicodeScalars.count == 1 else {
      return false
    }
    let (x, y) = (SVGCell.x(column), SVGCell.y(row))
    switch scalar.value {
    case 0x2581...0x2588: fill(0, x, y, eighths: Int(scalar.value) - 0x2580)
    case 0x2591...0x2593: fill(Int(scalar.value) - 0x2590, x, y, eighths: 8)
    case 0x2800...0x28ff: addDots(scalar.value - 0x2800, x, y)
    default:
      guard let line = Self.line(character, x, y) else { return false }
      lines += line
    }
    return true
  }

  /// What was added, in the colours of the group around it.
  var elements: String {
    var result = ""
    for fill in fills where !fill.path.isEmpty {
      let opacity = fill.opacity == "1" ? "" : #" fill-opacity="\#(fill.opacity)""#
      result += #"<path d="\#(fill.path)"\#(opacity) shape-rendering="crispEdges"/>"#
    }
    if !lines.isEmpty { result += #"<path d="\#(lines)" fill="none" stroke-width="1"/>"# }
    if !dots.isEmpty {
      result += #"<path d="\#(dots)" fill="none" stroke-width="2.6" stroke-linecap="round"/>"#
    }
    return result
  }

  private mutating func fill(_ density: Int, _ x: Int, _ y: Int, eighths: Int) {
    let height = Double(SVGCell.height * eighths) / 8
    fills[density].path +=
      "M\(x) \(Double(y + SVGCell.height) - height)h\(SVGCell.width)v\(height)h-\(SVGCell.width)z"
  }

  /// Dots on a grid that goes on from cell to cell.
  private mutating func addDots(_ bits: UInt32, _ x: Int, _ y: Int) {
    let rows: [(left: UInt32, right: UInt32)] = [(0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)]
    for (row, bit) in rows.enumerated() {
      let height = Double(y) + Double(SVGCell.height) * (Double(row) + 0.5) / 4
      if bits & bit.left != 0 { dots += "M\(x + 2) \(height)h0" }
      if bits & bit.right != 0 { dots += "M\(x + 6) \(height)h0" }
    }
  }

  private static func line(_ character: Character, _ x: Int, _ y: Int) -> String? {
    let (right, foot) = (x + SVGCell.width, y + SVGCell.height)
    let (middle, center) = (x + SVGCell.width / 2, Double(y) + Double(SVGCell.height) / 2)
    return switch character {
    case "─": "M\(x) \(center)H\(right)"
    case "╌": "M\(x + 1) \(center)h2m2 0h2"
    case "│": "M\(middle) \(y)V\(foot)"
    case "╭": "M\(middle) \(foot)V\(center + 4)Q\(middle) \(center) \(right) \(center)"
    case "╮": "M\(x) \(center)Q\(middle) \(center) \(middle) \(center + 4)V\(foot)"
    case "╰": "M\(middle) \(y)V\(center - 4)Q\(middle) \(center) \(right) \(center)"
    case "╯": "M\(x) \(center)Q\(middle) \(center) \(middle) \(center - 4)V\(y)"
    case "┌": "M\(middle) \(foot)V\(center)H\(right)"
    case "┐": "M\(x) \(center)H\(middle)V\(foot)"
    case "└": "M\(middle) \(y)V\(center)H\(right)"
    case "┘": "M\(x) \(center)H\(middle)V\(y)"
    default: nil
    }
  }
}

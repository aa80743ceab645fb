/// Puts the members and elements of a JSON text on lines of their own.
public enum JSONMargins {
  /// The same text with line breaks, and two spaces for each level.
  public static func adding(to text: [UInt8]) -> [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(2 * text.count)
    var (depth, isString, isEscaped) = (0, false, false)
    for byte in text {
      guard !isString else {
        lines.append(byte)
        if isEscaped { isEscaped = false } else { (isString, isEscaped) = (byte != quote, byte == backslash) }
        continue
      }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        lines.append(byte)
        newLine(depth, &lines)
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        endEmptyLine(&lines, opening: byte - 2)
        newLine(depth, &lines)
        lines.append(byte)
      case UInt8(ascii: ","):
        lines.append(byte)
        newLine(depth, &lines)
      case UInt8(ascii: ":"): lines.append(contentsOf: " : ".utf8)
      default:
        isString = byte == quote
        lines.append(byte)
      }
    }
    return lines
  }

  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")

  private static func newLine(_ depth: Int, _ lines: inout [UInt8]) {
    lines.append(UInt8(ascii: "\n"))
    lines.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
  }

  /// Nothing stands in an empty array or object but a line break.
  private static func endEmptyLine(_ lines: inout [UInt8], opening: UInt8) {
    guard let last = lines.lastIndex(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }),
      lines[last] == opening, last + 1 < lines.count
    else { return }
    lines.removeSubrange((last + 2)...)
  }
}

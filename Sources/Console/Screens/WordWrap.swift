import Terminal

enum WordWrap {
  /// Lines of at most `width` cells, broken at spaces, inside words where they must.
  static func lines(_ text: String, width: Int) -> [String] {
    guard width > 0 else { return [] }
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      for piece in pieces(String(word), width) {
        if line.isEmpty {
          line = piece
        } else if CharacterWidth.cells(of: line) + 1 + CharacterWidth.cells(of: piece) <= width {
          line += " " + piece
        } else {
          lines.append(line)
          line = piece
        }
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }

  private static func pieces(_ word: String, _ width: Int) -> [String] {
    guard CharacterWidth.cells(of: word) > width else { return [word] }
    var pieces: [String] = []
    var piece = ""
    for character in word {
      if CharacterWidth.cells(of: piece + String(character)) > width, !piece.isEmpty {
        pieces.append(piece)
        piece = ""
      }
      piece.append(character)
    }
    return pieces + [piece]
  }
}

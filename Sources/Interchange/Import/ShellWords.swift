import Manifest

/// The words of a shell script, by the rules for quotes, with their places.
enum ShellWords {
  /// The words of `text`, whose first character stands at `line` and `column`; comments are left out.
  static func of(_ text: String, line: Int, column: Int) -> [SpannedWord] {
    var scanner = Scanner(line: line, column: column, indent: column)
    for character in text { scanner.take(character) }
    scanner.end()
    return scanner.words
  }

  private struct Scanner {
    var line: Int
    var column: Int
    let indent: Int
    var words: [SpannedWord] = []
    private var word = ""
    private var start: SourceSpan?
    private var quote: Character?
    private var isEscaped = false
    private var isComment = false

    init(line: Int, column: Int, indent: Int) {
      self.line = line
      self.column = column
      self.indent = indent
    }

    mutating func take(_ character: Character) {
      defer { advance(character) }
      if isComment {
        isComment = character != "\n"
      } else if isEscaped {
        isEscaped = false
        // A line that ends in a backslash goes on.
        if character == "\n" { if quote == nil { end() } } else { append(character) }
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        append(nil)
      } else if character == " " || character == "\t" || character == "\n" || character == ";" {
        end()
      } else if character == "#", start == nil {
        isComment = true
      } else {
        append(character)
      }
    }

    mutating func end() {
      if let start {
        words.append(
          SpannedWord(
            text: word, span: SourceSpan(line: start.line, column: start.column, length: word.count)))
      }
      word = ""
      start = nil
    }

    private mutating func append(_ character: Character?) {
      if start == nil { start = SourceSpan(line: line, column: column) }
      if let character { word.append(character) }
    }

    private mutating func advance(_ character: Character) {
      column = character == "\n" ? indent : column + 1
      line += character == "\n" ? 1 : 0
    }
  }
}

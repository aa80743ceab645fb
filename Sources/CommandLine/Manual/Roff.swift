/// Text in the macros of man(7).
struct Roff {
  private(set) var text = ""

  init(title: String, source: String) {
    request("TH", [title.uppercased(), "1", "", source, "User Commands"])
  }

  mutating func section(_ title: String) { request("SH", [title]) }

  /// Paragraphs; lines that start with a space are shown as they are.
  mutating func paragraphs(_ text: String) {
    var isVerbatim = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty {
        if !isVerbatim { self.text += ".PP\n" }
        continue
      }
      if line.hasPrefix(" ") != isVerbatim {
        isVerbatim.toggle()
        self.text += isVerbatim ? ".nf\n" : ".fi\n"
      }
      self.line(Self.marked(String(line)))
    }
    if isVerbatim { self.text += ".fi\n" }
  }

  /// An entry of a list: a term in bold, and what it is.
  mutating func entry(_ term: String, _ meaning: String) {
    text += ".TP\n"
    line("\\fB" + Self.escaped(term) + "\\fR")
    line(meaning.isEmpty ? "\\&" : Self.marked(meaning))
  }

  /// A line of text that is escaped already.
  mutating func line(_ escaped: String) {
    text += (escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" : "") + escaped + "\n"
  }

  private mutating func request(_ name: String, _ arguments: [String]) {
    text += ([".\(name)"] + arguments.map { "\"\(Self.escaped($0))\"" }).joined(separator: " ") + "\n"
  }

  /// Escapes what roff would read; a hyphen stays the one that people search for and copy.
  static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "\"": result += "\\(dq"
      case "'": result += "\\(aq"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "`": result += "\\(ga"
      default: result.append(character)
      }
    }
  }

  /// Escaped text in which what stands between backticks is bold.
  static func marked(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    guard parts.count % 2 == 1 else { return escaped(text) }
    return parts.enumerated().map { place, part in
      place % 2 == 0 ? escaped(String(part)) : "\\fB" + escaped(String(part)) + "\\fR"
    }.joined()
  }
}

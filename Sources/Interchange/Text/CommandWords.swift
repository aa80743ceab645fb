/// Words of a command line, quoted for whoever reads them.
enum CommandWords {
  /// A word as a POSIX shell takes it.
  static func shell(_ word: String) -> String {
    guard word.isEmpty || !word.unicodeScalars.allSatisfy(isHarmless) else { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
      + "'"
  }

  /// A word as systemd takes it in `ExecStart=`, where `%` and `$` mean something.
  static func systemd(_ word: String) -> String {
    let escaped = word.map { character in
      switch character {
      case "%", "$": String([character, character])
      case "\\", "\"": "\\\(character)"
      default: String(character)
      }
    }.joined()
    return !word.isEmpty && word.unicodeScalars.allSatisfy(isHarmless) ? escaped : "\"\(escaped)\""
  }

  /// A word as Compose takes it, where `$` means something.
  static func compose(_ word: String) -> String {
    word.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
      || "-_./,:=@+%".unicodeScalars.contains(scalar)
  }
}

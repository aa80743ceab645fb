extension Duration {
  /// The duration for people: `69 ms`, `1.4 s`, `12 s`, `3 min 5 s`.
  var words: String {
    let milliseconds = max(0, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    if milliseconds < 1000 { return "\(milliseconds) ms" }
    if milliseconds < 10_000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
    let seconds = milliseconds / 1000
    if seconds < 120 { return "\(seconds) s" }
    let rest = seconds % 60
    return rest == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(rest) s"
  }
}

/// `1 rank`, `2 ranks`, `3 processes`.
func count(_ number: Int, _ noun: String) -> String {
  let ending = number == 1 ? "" : noun.hasSuffix("s") ? "es" : "s"
  return "\(number) \(noun)\(ending)"
}

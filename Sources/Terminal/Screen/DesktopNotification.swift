/// A message that a terminal shows on the desktop (OSC 9).
enum DesktopNotification {
  /// More than desktops show of one.
  private static let longest = 240

  /// The control sequence for a text; tmux passes it on where its option `allow-passthrough` is on.
  static func sequence(_ text: String, inTmux: Bool) -> String {
    // A control character would end the sequence, and what follows it would be the terminal's to obey.
    let printable = text.unicodeScalars.lazy.filter { $0.properties.generalCategory != .control }
    let sequence = "\u{1b}]9;" + String(String.UnicodeScalarView(printable.prefix(longest))) + "\u{07}"
    return inTmux
      ? "\u{1b}Ptmux;" + sequence.replacing("\u{1b}", with: "\u{1b}\u{1b}") + "\u{1b}\\" : sequence
  }
}

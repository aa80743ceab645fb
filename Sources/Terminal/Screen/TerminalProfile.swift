/// What the environment says about a terminal, before it is opened.
public struct TerminalProfile: Sendable, Equatable {
  /// Names to open it under, best first.
  public var names: [String]
  /// Whether a full-screen program makes sense there at all.
  public var canAddressCells: Bool

  /// Reads `TERM`.
  ///
  /// A terminal that terminfo does not know (stock Debian lacks many) is opened as xterm-256color, which they all resemble.
  public init(environment: (_ name: String) -> String?) {
    let term = environment("TERM") ?? ""
    canAddressCells = !term.isEmpty && term != "dumb"
    names = [term, "xterm-256color", "xterm", "vt100"]
  }

  /// Whether terminals of this name have a font of few characters.
  public static func isPlain(_ term: String) -> Bool {
    term == "linux" || term == "dumb" || term.hasPrefix("vt")
  }
}

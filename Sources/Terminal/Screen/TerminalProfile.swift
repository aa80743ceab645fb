/// What the environment says about a terminal, before it is opened.
public struct TerminalProfile: Sendable, Equatable {
  /// Names to open it under, best first.
  public var names: [String]
  /// Whether a full-screen program makes sense there at all.
  public var canAddressCells: Bool

  /// Reads `TERM` and `COLORTERM`.
  ///
  /// A terminal that says it has 24-bit colour is first opened as its `-direct` kin, where the terminfo entry is
  /// installed; one that terminfo does not know (stock Debian lacks many) as xterm-256color, which they all resemble.
  public init(environment: (_ name: String) -> String?) {
    let term = environment("TERM") ?? ""
    canAddressCells = !term.isEmpty && term != "dumb"
    names = []
    if ColorWish.claimed(environment: environment) == .trueColor, !term.hasSuffix("-direct") {
      let family = term.hasSuffix("-256color") ? String(term.dropLast("-256color".count)) : term
      names.append(family + "-direct")
    }
    names += [term, "xterm-256color", "xterm", "vt100"]
  }

  /// Whether terminals of this name have a font of few characters.
  public static func isPlain(_ term: String) -> Bool {
    term == "linux" || term == "dumb" || term.hasPrefix("vt")
  }
}

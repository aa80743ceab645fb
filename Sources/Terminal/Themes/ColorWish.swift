/// What the user wants of colour, by option, environment and terminal.
public enum ColorWish: String, Sendable, CaseIterable {
  /// As much as the terminal has, none with NO_COLOR.
  case auto
  /// Sixteen named colours.
  case ansi16 = "16"
  /// xterm's 256.
  case palette256 = "256"
  /// 24 bits.
  case trueColor = "true"
  /// None.
  case never

  /// The depth to draw in, where the terminal itself claims `available`.
  ///
  /// NO_COLOR counts when it is not empty (no-color.org); a depth asked for by name overrules it.
  public func depth(available: ColorDepth, environment: (_ name: String) -> String?) -> ColorDepth {
    switch self {
    case .never: return .monochrome
    case .ansi16: return .ansi16
    case .palette256: return .palette256
    case .trueColor: return .trueColor
    case .auto: break
    }
    if let value = environment("NO_COLOR"), !value.isEmpty { return .monochrome }
    return available
  }

  /// What a terminal claims by its environment alone, where nothing else can be asked.
  public static func claimed(environment: (_ name: String) -> String?) -> ColorDepth {
    let term = environment("TERM") ?? ""
    if term.isEmpty || term == "dumb" || term.hasPrefix("vt") { return .monochrome }
    if let value = environment("COLORTERM"), value == "truecolor" || value == "24bit" { return .trueColor }
    if term.hasSuffix("-direct") { return .trueColor }
    return term.contains("256color") ? .palette256 : .ansi16
  }
}

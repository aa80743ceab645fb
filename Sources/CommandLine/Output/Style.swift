/// Colours and weights, or plain text where the reader cannot show them.
public struct Style: Sendable, Equatable {
  /// When to use colour.
  public enum Wish: String, Sendable, CaseIterable {
    /// When the output is a terminal that can, and NO_COLOR is unset.
    case auto
    /// Always.
    case always
    /// Never.
    case never
  }

  /// Whether escapes are written.
  public let isColoured: Bool

  /// A style that writes escapes or does not.
  public init(isColoured: Bool) {
    self.isColoured = isColoured
  }

  /// No escapes at all.
  public static let plain = Style(isColoured: false)

  /// Decides from the wish, the environment and whether the output is a terminal, in this order: `--color`, NO_COLOR
  /// (non-empty), CLICOLOR_FORCE (not 0), then a terminal other than `dumb`.
  public static func deciding(
    _ wish: Wish = .auto, isTerminal: Bool, environment: (_ name: String) -> String?
  ) -> Style {
    switch wish {
    case .always: return Style(isColoured: true)
    case .never: return .plain
    case .auto: break
    }
    if let no = environment("NO_COLOR"), !no.isEmpty { return .plain }
    if let force = environment("CLICOLOR_FORCE"), !force.isEmpty, force != "0" {
      return Style(isColoured: true)
    }
    let terminal = environment("TERM") ?? ""
    return Style(isColoured: isTerminal && !terminal.isEmpty && terminal != "dumb")
  }

  /// Heavier text.
  public func bold(_ text: String) -> String { wrap(text, "1") }
  /// Lighter text.
  public func dim(_ text: String) -> String { wrap(text, "2") }
  /// For errors and what is broken.
  public func red(_ text: String) -> String { wrap(text, "1;31") }
  /// For what is well.
  public func green(_ text: String) -> String { wrap(text, "32") }
  /// For warnings and what is under way.
  public func yellow(_ text: String) -> String { wrap(text, "33") }
  /// For places and rules.
  public func blue(_ text: String) -> String { wrap(text, "1;34") }
  /// For what to type.
  public func cyan(_ text: String) -> String { wrap(text, "36") }

  private func wrap(_ text: String, _ code: String) -> String {
    isColoured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}

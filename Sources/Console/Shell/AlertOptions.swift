public import ControlAPI

/// How the user wants to be told.
public struct AlertOptions: Sendable, Equatable {
  /// What a terminal can do.
  public enum Kind: String, Sendable, CaseIterable {
    /// The bell.
    case bell
    /// A message on the desktop (OSC 9).
    case osc9
  }

  /// What the terminal is to do.
  public var kinds: [Kind] = []
  /// A shell's command line to run.
  public var command: String?
  /// What matters less is not told.
  public var level = Severity.warning

  /// Tells nothing.
  public init() {}

  /// The book of what is told; nil when nothing is to be.
  var book: AlertBook? { kinds.isEmpty && command == nil ? nil : AlertBook(level: level) }
}

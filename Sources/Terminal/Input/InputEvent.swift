/// A key, whatever bytes the terminal sends for it.
public enum Key: Sendable, Hashable {
  /// A character; controls come as their letter with ``Modifiers/control``.
  case character(Character)
  case enter
  case tab
  case backspace
  case escape
  case up, down, left, right
  case home, end, pageUp, pageDown
  case insert, delete
  /// F1 and on.
  case function(Int)
}

/// Keys held down with another.
public struct Modifiers: OptionSet, Sendable, Hashable {
  /// The bits, as xterm counts them.
  public let rawValue: UInt8

  /// Takes bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Shift.
  public static let shift = Modifiers(rawValue: 1)
  /// Alt or Meta.
  public static let alt = Modifiers(rawValue: 2)
  /// Control.
  public static let control = Modifiers(rawValue: 4)
}

/// Something the mouse did.
public struct MouseEvent: Sendable, Hashable {
  /// What it did.
  public enum Action: Sendable, Hashable {
    /// A button went down: 0 left, 1 middle, 2 right.
    case press(Int)
    /// A button went up.
    case release(Int)
    /// Moved with a button held.
    case drag(Int)
    /// Moved with none.
    case move
    /// The wheel turned away from the user.
    case wheelUp
    /// The wheel turned towards the user.
    case wheelDown
  }

  /// What it did.
  public var action: Action
  /// The column, from 0.
  public var x: Int
  /// The row, from 0.
  public var y: Int
  /// Keys held meanwhile.
  public var modifiers: Modifiers

  /// Makes an event.
  public init(action: Action, x: Int, y: Int, modifiers: Modifiers) {
    self.action = action
    self.x = x
    self.y = y
    self.modifiers = modifiers
  }
}

/// What comes from a terminal's user.
public enum InputEvent: Sendable, Hashable {
  /// A key.
  case key(Key, Modifiers)
  /// The mouse.
  case mouse(MouseEvent)
  /// Text pasted as a whole, which is never taken for commands.
  case paste(String)
  /// The window came to the front or left it.
  case focus(Bool)
}

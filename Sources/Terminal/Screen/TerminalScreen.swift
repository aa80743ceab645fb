import CTerminfo
import Glibc

/// A terminal in full-screen mode: the one place that speaks to it, and only to draw (see ``InputDecoder``).
///
/// Terminfo says which colours it has and how the screen is entered and left; moves and colours are those of ECMA-48,
/// which every terminal of today obeys and ``FrameWriter`` needs fewer bytes for than curses. Not for use from several
/// threads.
public final class TerminalScreen {
  /// Colours that are used.
  public let depth: ColorDepth
  /// Whether the locale can write more than ASCII.
  public let isUnicode: Bool

  private let isInTmux: Bool
  private let shell: termios
  private let opening: String
  private let closing: String
  private var writer: FrameWriter
  private var reportsMouse: Bool
  private var isOpen = true

  /// Opens the terminal on standard input and output.
  ///
  /// - Parameters:
  ///   - wish: how much colour to use.
  ///   - mouse: whether the terminal is to report its mouse.
  public init(
    wish: ColorWish, mouse: Bool, environment: (_ name: String) -> String?
  ) throws(ScreenError) {
    let profile = TerminalProfile(environment: environment)
    var shell = termios()
    guard profile.canAddressCells, isatty(1) == 1, tcgetattr(0, &shell) == 0 else { throw .notATerminal }
    // Without a place for it, a problem would end the program.
    var problem: Int32 = 0
    guard profile.names.contains(where: { setupterm($0, 1, &problem) == 0 }) else {
      throw .unknownTerminal(environment("TERM") ?? "")
    }
    guard Self.capability("cup").hasPrefix("\u{1b}[%i%p1%d;%p2%dH") else { throw .notATerminal }
    self.shell = shell
    isInTmux = environment("TMUX").map { !$0.isEmpty } ?? false
    isUnicode = Self.chooseLocale(environment)
    let colors = tigetnum("colors")
    let available = Self.depth(colors, environment)
    depth = min(wish.depth(available: available, environment: environment), available)
    writer = FrameWriter(depth: depth, isBrightBold: colors < 16)
    opening = Self.capability("smcup") + Self.capability("civis") + Self.wrapOff + Self.pasteOn
    closing = "\u{1b}[m" + Self.pasteOff + Self.wrapOn + Self.capability("cnorm") + Self.capability("rmcup")
    reportsMouse = mouse
    enter()
  }

  /// Draws a frame: only cells that differ from the last one are sent; none while the terminal is another's.
  public func draw(_ frame: CellBuffer) {
    if isOpen { StandardOutput.write(writer.bytes(for: frame)) }
  }

  /// Forgets what is on the screen, so that the next frame is drawn whole.
  public func repaint() { writer.forget() }

  /// Turns reports of the mouse on or off; off, the terminal selects text by itself.
  public func setMouse(_ isOn: Bool) {
    reportsMouse = isOn
    StandardOutput.write(isOn ? Self.mouseOn : Self.mouseOff)
  }

  /// Puts a text on the clipboard of a terminal that takes one (OSC 52).
  public func copy(_ text: String) {
    StandardOutput.write("\u{1b}]52;c;" + Base64.encoded(Array(text.utf8)) + "\u{07}")
  }

  /// Rings the bell; none while the terminal is another's.
  public func ring() {
    if isOpen { StandardOutput.write("\u{07}") }
  }

  /// Has a terminal that can show a message on the desktop (OSC 9); none while the terminal is another's.
  public func notify(_ text: String) {
    if isOpen { StandardOutput.write(DesktopNotification.sequence(text, inTmux: isInTmux)) }
  }

  /// Gives the terminal back as it was, to end or to be stopped.
  public func leave() {
    guard isOpen else { return }
    isOpen = false
    StandardOutput.write(Self.mouseOff + closing)
    var shell = shell
    tcsetattr(0, TCSADRAIN, &shell)
  }

  /// Takes the terminal again after ``leave()``.
  public func enter() {
    var raw = shell
    cfmakeraw(&raw)
    tcsetattr(0, TCSADRAIN, &raw)
    StandardOutput.write(opening + (reportsMouse ? Self.mouseOn : ""))
    repaint()
    isOpen = true
  }

  private static let mouseOn = "\u{1b}[?1002h\u{1b}[?1006h"
  private static let mouseOff = "\u{1b}[?1006l\u{1b}[?1002l"
  private static let pasteOn = "\u{1b}[?2004h"
  private static let pasteOff = "\u{1b}[?2004l"
  // With it, the last cell of the screen could not be written without scrolling.
  private static let wrapOff = "\u{1b}[?7l"
  private static let wrapOn = "\u{1b}[?7h"

  /// What terminfo has for the terminal, without the pauses that those of paper and glass needed.
  private static func capability(_ name: String) -> String {
    // "Not a string" is -1, "absent" nil.
    guard let text = tigetstr(name), Int(bitPattern: text) != -1 else { return "" }
    let parts = String(cString: text).split(separator: "$<", omittingEmptySubsequences: false)
    return String(parts[0]) + parts.dropFirst().map { $0.drop { $0 != ">" }.dropFirst() }.joined()
  }

  private static func depth(_ colors: Int32, _ environment: (_ name: String) -> String?) -> ColorDepth {
    // Terminals of 24 bits rarely have an entry of their own.
    if ColorWish.claimed(environment: environment) == .trueColor { return .trueColor }
    return switch colors {
    case 256...: .palette256
    case 8...: .ansi16
    default: .monochrome
    }
  }

  /// Chooses a locale that can write, and says whether that is UTF-8.
  public static func chooseLocale(_ environment: (_ name: String) -> String?) -> Bool {
    setlocale(LC_CTYPE, "")
    func isUTF8() -> Bool { cterminfo_codeset().map { String(cString: $0) } == "UTF-8" }
    func isSet(_ name: String) -> Bool { environment(name).map { !$0.isEmpty } ?? false }
    if isUTF8() { return true }
    // Containers often have no locale at all; one that somebody named is obeyed.
    guard !isSet("LC_ALL"), !isSet("LC_CTYPE") else { return false }
    return setlocale(LC_CTYPE, "C.UTF-8") != nil && isUTF8()
  }
}

/// Why a terminal cannot be drawn on.
public enum ScreenError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Standard input or output is not a terminal, or one that cannot address cells.
  case notATerminal
  /// Terminfo knows neither this name nor any fallback.
  case unknownTerminal(String)

  /// What to do about it.
  public var description: String {
    switch self {
    case .notATerminal: "not a terminal that can be drawn on; --once prints the screen"
    case .unknownTerminal(let name): "the terminal `\(name)` is not known here; set TERM=xterm-256color"
    }
  }
}

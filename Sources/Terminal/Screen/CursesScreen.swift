import CNcurses
import Glibc

/// A terminal in full-screen mode: the one place that speaks to curses, and only to draw.
///
/// Input is not read through curses: terminfo's idea of mouse and keys is too often wrong (see ``InputDecoder``). Not for
/// use from several threads.
public final class CursesScreen {
  /// Colours that the terminal has.
  public private(set) var depth: ColorDepth
  /// Whether the locale can write more than ASCII.
  public let isUnicode: Bool

  private let handle: OpaquePointer
  private var shown: CellBuffer?
  private var pairs: [[ResolvedColor]: Int32] = [:]
  private var resolved: [CellStyle: (attributes: attr_t, pair: Int32)] = [:]
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
    guard profile.canAddressCells, isatty(0) == 1, isatty(1) == 1 else { throw .notATerminal }
    isUnicode = Self.chooseLocale(environment)
    guard let handle = Self.open(profile.names) else { throw .unknownTerminal(environment("TERM") ?? "") }
    self.handle = handle
    reportsMouse = mouse
    // alloc_pair and its kin crash on terminals without colour (ncurses 6.4), so this is asked before anything else.
    let available = has_colors() ? Self.startColors() : .monochrome
    depth = min(wish.depth(available: available, environment: environment), available)
    enter()
  }

  /// Opens the terminal once, by the first name that is known: a second opening would take our own modes, without echo,
  /// for those of the shell, and leave them to it.
  private static func open(_ names: [String]) -> OpaquePointer? {
    for name in names {
      if let handle = newterm(name, cncurses_stdout(), cncurses_stdin()) { return handle }
    }
    return nil
  }

  /// Draws a frame: only cells that differ from the last one are sent.
  public func draw(_ frame: CellBuffer) {
    for run in frame.runs(since: shown) {
      let (attributes, pair) = resolve(run.style)
      cncurses_attr_set(attributes, pair)
      let wide = run.text.unicodeScalars.map { wchar_t(bitPattern: $0.value) }
      mvwaddnwstr(cncurses_stdscr(), Int32(run.y), Int32(run.x), wide, Int32(wide.count))
    }
    shown = frame
    wrefresh(cncurses_stdscr())
  }

  /// Takes a new size; the next frame is drawn whole.
  public func resize(columns: Int, rows: Int) {
    resizeterm(Int32(rows), Int32(columns))
    repaint()
  }

  /// Forgets what is on the screen, so that the next frame is drawn whole.
  public func repaint() {
    shown = nil
    wclear(cncurses_stdscr())
  }

  /// Turns reports of the mouse on or off; off, the terminal selects text by itself.
  public func setMouse(_ isOn: Bool) {
    reportsMouse = isOn
    send(isOn ? Self.mouseOn : Self.mouseOff)
  }

  /// Puts a text on the clipboard of a terminal that takes one (OSC 52).
  public func copy(_ text: String) {
    send("\u{1b}]52;c;" + Base64.encoded(Array(text.utf8)) + "\u{07}")
  }

  /// Gives the terminal back as it was, to end or to be stopped.
  public func leave() {
    guard isOpen else { return }
    isOpen = false
    send(Self.mouseOff + Self.reportsOff)
    endwin()
  }

  /// Takes the terminal again after ``leave()``.
  public func enter() {
    raw()
    noecho()
    nonl()
    curs_set(0)
    // Curses would hold back output while input waits, which it never reads.
    typeahead(-1)
    wrefresh(cncurses_stdscr())
    send(Self.reportsOn + (reportsMouse ? Self.mouseOn : ""))
    repaint()
    isOpen = true
  }

  private static let mouseOn = "\u{1b}[?1002h\u{1b}[?1006h"
  private static let mouseOff = "\u{1b}[?1006l\u{1b}[?1002l"
  private static let reportsOn = "\u{1b}[?2004h"
  private static let reportsOff = "\u{1b}[?2004l"

  private func send(_ sequence: String) {
    fputs(sequence, cncurses_stdout())
    fflush(cncurses_stdout())
  }

  /// Chooses a locale that can write, and says whether that is UTF-8.
  public static func chooseLocale(_ environment: (_ name: String) -> String?) -> Bool {
    setlocale(LC_CTYPE, "")
    func isUTF8() -> Bool { cncurses_codeset().map { String(cString: $0) } == "UTF-8" }
    func isSet(_ name: String) -> Bool { environment(name).map { !$0.isEmpty } ?? false }
    if isUTF8() { return true }
    // Containers often have no locale at all; one that somebody named is obeyed.
    guard !isSet("LC_ALL"), !isSet("LC_CTYPE") else { return false }
    return setlocale(LC_CTYPE, "C.UTF-8") != nil && isUTF8()
  }

  private static func startColors() -> ColorDepth {
    start_color()
    use_default_colors()
    switch cncurses_colors() {
    case (1 << 24)...: return .trueColor
    case 256...: return .palette256
    case 8...: return .ansi16
    default: return .monochrome
    }
  }

  private func resolve(_ style: CellStyle) -> (attributes: attr_t, pair: Int32) {
    if let known = resolved[style] { return known }
    var attributes: attr_t = 0
    if style.attributes.contains(.bold) { attributes |= cncurses_bold() }
    if style.attributes.contains(.dim) { attributes |= cncurses_dim() }
    if style.attributes.contains(.underline) { attributes |= cncurses_underline() }
    if style.attributes.contains(.reverse) { attributes |= cncurses_reverse() }
    var foreground = depth.resolve(style.foreground)
    let background = depth.resolve(style.background, isBackground: true)
    if case .index(let slot) = foreground, slot >= 8, slot < 16, cncurses_colors() < 16 {
      foreground = .index(slot - 8)
      attributes |= cncurses_bold()
    }
    let result = (attributes, pair(foreground, background))
    resolved[style] = result
    return result
  }

  private func pair(_ foreground: ResolvedColor, _ background: ResolvedColor) -> Int32 {
    let colors = [foreground, background]
    if colors == [.terminal, .terminal] || depth == .monochrome { return 0 }
    if let known = pairs[colors] { return known }
    let next = Int32(pairs.count + 1)
    // Where pairs run out, text stays readable in the terminal's own colours.
    guard next < cncurses_color_pairs(),
      init_extended_pair(next, Self.number(foreground), Self.number(background)) == 0
    else { return 0 }
    pairs[colors] = next
    return next
  }

  private static func number(_ color: ResolvedColor) -> Int32 {
    switch color {
    case .terminal: -1
    case .index(let slot): Int32(slot)
    case .rgb(let red, let green, let blue):
      // The first eight numbers mean the palette even on 24-bit terminals.
      max(Int32(red) << 16 | Int32(green) << 8 | Int32(blue), red == 0 && green == 0 && blue == 0 ? 0 : 8)
    }
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

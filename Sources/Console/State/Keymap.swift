public import Terminal

/// What keys can do; the names are those of the keys file and of the palette.
public enum Command: String, Sendable, CaseIterable {
  case help, quit, palette, filter, only, next, previous, follow, wrap
  case up, down, pageUp = "page-up", pageDown = "page-down", top, bottom
  case open, back, nextScreen = "next-screen", previousScreen = "previous-screen"
  case overview, replicas, ingress, latency, queue, experts, events, hints, manifest, nodes
  case logs, sort, freeze, earlier, later, muchEarlier = "much-earlier", muchLater = "much-later", live,
    window
  case restart, drain, more, fewer, apply, delete, undo, page, snapshot, record, copy, theme, mouse, redraw,
    suspend

  /// What it does, for help.
  var meaning: String {
    switch self {
    case .help: "these keys"
    case .quit: "quit; what runs goes on"
    case .palette: "type a command"
    case .filter: "filter replicas (kv>90 & state!=RUNNING); in logs, search"
    case .only: "in logs: show only lines with …"
    case .next: "next application; in logs, next match"
    case .previous: "in logs: match before"
    case .follow: "in logs: follow the newest"
    case .wrap: "in logs: wrap long lines"
    case .up: "up"
    case .down: "down"
    case .pageUp: "a page up"
    case .pageDown: "a page down"
    case .top: "to the top"
    case .bottom: "to the foot"
    case .open: "open"
    case .back: "back; at last the list of all"
    case .nextScreen: "next screen"
    case .previousScreen: "screen before"
    case .overview, .replicas, .ingress, .latency, .queue, .experts, .events, .hints, .manifest, .nodes:
      "screen: " + rawValue
    case .logs: "logs of the chosen replica, or of all"
    case .sort: "order ranks by rank, KV, busy, run, TTFT"
    case .freeze: "hold the picture; collection goes on"
    case .earlier: "back in time by a second"
    case .later: "forward by a second"
    case .muchEarlier: "back in time by a minute"
    case .muchLater: "forward by a minute"
    case .live: "to the present; elsewhere to the foot"
    case .window: "rates and percentiles over 10s, 1m, 5m"
    case .restart: "restart the chosen replica"
    case .drain: "drain the chosen replica, or let requests at it again"
    case .more: "a group more; on the ingress, a replica more"
    case .fewer: "a group or an ingress replica fewer"
    case .apply: "launch the manifest, apply the edited file, or a hint's fix"
    case .delete: "delete the application (type its name)"
    case .undo: "roll back to the revision before, or the chosen one"
    case .page: "manifest: plan, text, diff, history"
    case .snapshot: "save the screen (in logs: the log)"
    case .record: "record to a file, or stop"
    case .copy: "copy the chosen row (OSC 52)"
    case .theme: "next theme"
    case .mouse: "mouse on, off"
    case .redraw: "draw anew"
    case .suspend: "suspend"
    }
  }

  /// The screen that it opens.
  var screen: ScreenKind? { ScreenKind(rawValue: rawValue).flatMap { $0.digit == nil ? nil : $0 } }
}

/// A key with those held down.
public struct Chord: Sendable, Hashable {
  /// The key.
  public var key: Key
  /// What is held down with it; shift does not count for characters, which are others with it.
  public var modifiers: Modifiers

  /// Makes a chord.
  public init(_ key: Key, _ modifiers: Modifiers = []) {
    self.key = key
    if case .character = key {
      self.modifiers = modifiers.subtracting(.shift)
    } else {
      self.modifiers = modifiers
    }
  }

  private static let prefixes: [(name: String, modifier: Modifiers)] = [
    ("ctrl-", .control), ("alt-", .alt), ("shift-", .shift),
  ]

  /// Reads a name such as `q`, `ctrl-l`, `page-down`, `f1`, `space`; nil for none.
  public init?(name: some StringProtocol) {
    var rest = name[...]
    var modifiers: Modifiers = []
    for (prefix, modifier) in Self.prefixes {
      while rest.lowercased().hasPrefix(prefix), rest.count > prefix.count {
        rest = rest.dropFirst(prefix.count)
        modifiers.insert(modifier)
      }
    }
    if let key = Self.names.first(where: { $0.name == rest.lowercased() })?.key {
      self.init(key, modifiers)
    } else if rest.first == "f" || rest.first == "F", let number = Int(rest.dropFirst()),
      (1...24).contains(number)
    {
      self.init(.function(number), modifiers)
    } else if rest.count == 1, let character = rest.first {
      self.init(.character(character), modifiers)
    } else {
      return nil
    }
  }

  private static let names: [(name: String, key: Key)] = [
    ("space", .character(" ")), ("enter", .enter), ("tab", .tab), ("backspace", .backspace), ("esc", .escape),
    ("up", .up), ("down", .down), ("left", .left), ("right", .right), ("home", .home), ("end", .end),
    ("page-up", .pageUp), ("page-down", .pageDown), ("insert", .insert), ("delete", .delete),
  ]

  private static let glyphs: [Key: String] = [
    .enter: "⏎", .escape: "Esc", .up: "↑", .down: "↓", .left: "←", .right: "→", .tab: "Tab",
    .pageUp: "PgUp", .pageDown: "PgDn", .home: "Home", .end: "End", .character(" "): "Space",
  ]

  /// As the keys file has it.
  var name: String {
    let held = Self.prefixes.filter { modifiers.contains($0.modifier) }.map(\.name).joined()
    if let name = Self.names.first(where: { $0.key == key })?.name { return held + name }
    switch key {
    case .character(let character): return held + String(character)
    case .function(let number): return held + "f\(number)"
    default: return held + "\(key)"
    }
  }

  /// As people read it.
  public var label: String {
    let held =
      (modifiers.contains(.control) ? "^" : "") + (modifiers.contains(.alt) ? "Alt-" : "")
      + (modifiers.contains(.shift) ? "S-" : "")
    if let glyph = Self.glyphs[key] { return held + glyph }
    switch key {
    case .character(let character):
      return held + (modifiers.contains(.control) ? character.uppercased() : String(character))
    case .function(let number): return held + "F\(number)"
    default: return held + "\(key)"
    }
  }
}

/// Which key does what: ours, unless the user's file says otherwise.
public struct Keymap: Sendable, Equatable {
  private var commands: [Chord: Command] = [:]
  private var chords: [Command: [Chord]] = [:]

  /// The keys of k9s, vim and less, as far as they agree.
  public static let standard: Keymap = {
    let keys: [(Command, String)] = [
      (.help, "? f1"), (.quit, "q"), (.palette, ":"), (.filter, "/"), (.only, "&"), (.next, "n"),
      (.previous, "N"),
      (.follow, "f"), (.wrap, "w"), (.up, "k up"), (.down, "j down"), (.pageUp, "page-up ctrl-b"),
      (.pageDown, "page-down ctrl-f"), (.top, "g home"), (.bottom, "G"), (.open, "enter"), (.back, "esc h"),
      (.nextScreen, "tab"), (.previousScreen, "shift-tab"), (.overview, "1"), (.replicas, "2"),
      (.ingress, "3"),
      (.latency, "4"), (.queue, "5"), (.experts, "6"), (.events, "7"), (.hints, "8"), (.manifest, "9"),
      (.nodes, "0"),
      (.logs, "l"), (.sort, "s"), (.freeze, "space"), (.earlier, "left"), (.later, "right"),
      (.muchEarlier, "["),
      (.muchLater, "]"), (.live, "end"), (.window, "W"), (.restart, "r"), (.drain, "d"), (.more, "+"),
      (.fewer, "-"), (.apply, "a"), (.delete, "D"),
      (.undo, "u"),
      (.page, "v"),
      (.snapshot, "S"), (.record, "R"), (.copy, "c"), (.theme, "T"), (.mouse, "m"), (.redraw, "ctrl-l"),
      (.suspend, "ctrl-z"),
    ]
    var map = Keymap()
    for (command, names) in keys {
      map.bind(command, names.split(separator: " ").compactMap { Chord(name: $0) })
    }
    return map
  }()

  private init() {}

  /// The command of a key.
  public subscript(_ chord: Chord) -> Command? { commands[chord] }

  /// The first key of a command, as people read it; nil when it has none.
  public func label(_ command: Command) -> String? { chords[command]?.first?.label }

  /// All keys of a command, as people read them.
  public func labels(_ command: Command) -> String {
    (chords[command] ?? []).map(\.label).joined(separator: " ")
  }

  /// All of it as a keys file: a line a command.
  public var text: String {
    Command.allCases.map { command in
      ([command.rawValue + ":"] + (chords[command] ?? []).map(\.name)).joined(separator: " ") + "\n"
    }.joined()
  }

  /// Takes a keys file over: lines `command: key key …`, comments after `#`; a command that is named loses its keys of
  /// ours.
  ///
  /// - Returns: what could not be read, with its line.
  public mutating func read(_ text: String) -> [String] {
    var problems: [String] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = line.drop { $0 == " " }
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      if let problem = readLine(line) { problems.append("line \(index + 1): \(problem)") }
    }
    return problems
  }

  private mutating func readLine(_ line: Substring) -> String? {
    guard let colon = line.firstIndex(of: ":") else { return "not of the form command: key" }
    let name = line[..<colon]
    guard let command = Command(rawValue: String(name)) else { return "there is no command `\(name)`" }
    let words = line[line.index(after: colon)...].split { $0 == " " }.prefix {
      !($0.hasPrefix("#") && $0.count > 1)
    }
    let found = words.map { Chord(name: $0) }
    if let wrong = zip(words, found).first(where: { $0.1 == nil })?.0 { return "there is no key `\(wrong)`" }
    bind(command, found.compactMap(\.self))
    return nil
  }

  private mutating func bind(_ command: Command, _ new: [Chord]) {
    for chord in chords[command] ?? [] { commands[chord] = nil }
    for chord in new {
      if let loser = commands[chord] { chords[loser]?.removeAll { $0 == chord } }
      commands[chord] = command
    }
    chords[command] = new
  }
}

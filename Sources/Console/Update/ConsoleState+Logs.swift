import ControlAPI
import Terminal

// Keys of the log screen, as in less.
extension ConsoleState {
  /// Takes a key of the log screen; nil for one that means the same everywhere.
  mutating func pressInLogs(_ key: Key) -> [ConsoleEffect]? {
    switch key {
    case .character("/"): prompt = Prompt(purpose: .search, field: TextField(logs.search))
    case .character("&"): prompt = Prompt(purpose: .hide, field: TextField(logs.filter))
    case .character("n"): findInLogs(1)
    case .character("N"): findInLogs(-1)
    case .character("f"), .character("G"), .end: follow()
    case .character("w"): logs.isWrapping.toggle()
    case .character("l"):
      logs.open(application: applicationName, replica: nil)
    case .character("S"): return saveLogs()
    default: return nil
    }
    return []
  }

  /// Moves the last line in sight; at the newest one the log is followed again.
  mutating func scrollLogs(by steps: Int) {
    let count = logs.entries(among: shown.events).count
    let hidden = min(max(0, (logs.isFollowing ? 0 : logs.hiddenBelow) - steps), max(0, count - 1))
    logs.hiddenBelow = hidden
    logs.isFollowing = hidden == 0
  }

  private mutating func follow() {
    logs.isFollowing.toggle()
    logs.hiddenBelow = 0
  }

  /// Goes to the next line below (or above) that has the search in it.
  mutating func findInLogs(_ direction: Int) {
    let entries = logs.entries(among: shown.events)
    let pattern = TextPattern(logs.search)
    guard !logs.search.isEmpty, !entries.isEmpty else { return say("/ searches", .info) }
    let last = entries.count - 1 - (logs.isFollowing ? 0 : logs.hiddenBelow)
    var index = last + direction
    while entries.indices.contains(index), !pattern.matches(entries[index].line) { index += direction }
    guard entries.indices.contains(index) else {
      return say("no line \(direction > 0 ? "below" : "above") has `\(logs.search)`", .warning)
    }
    logs.hiddenBelow = entries.count - 1 - index
    logs.isFollowing = false
  }

  private func saveLogs() -> [ConsoleEffect] {
    let lines = logs.entries(among: shown.events).map { entry in
      (entry.time.map { WallTime.clock($0, offset: utcOffset) + " " } ?? "") + entry.line
    }
    let name = "\(applicationName ?? "dptop")-\(logs.replica ?? "all")-\(Int(now)).log"
    return [.save(name: name, text: lines.joined(separator: "\n") + "\n")]
  }

  /// Takes a key while a line is typed.
  mutating func type(_ input: InputEvent) -> [ConsoleEffect] {
    guard var prompt else { return [] }
    switch input {
    case .key(.escape, _): self.prompt = nil
    case .key(.enter, _):
      self.prompt = nil
      finish(prompt)
    default:
      guard prompt.field.take(input) else { return [] }
      self.prompt = prompt
      preview(prompt)
    }
    return []
  }

  /// What is typed is seen at work while it is typed.
  private mutating func preview(_ prompt: Prompt) {
    switch prompt.purpose {
    case .search: logs.search = prompt.field.text
    case .hide:
      logs.filter = prompt.field.text
      logs.hiddenBelow = 0
      logs.isFollowing = true
    }
  }

  private mutating func finish(_ prompt: Prompt) {
    preview(prompt)
    if prompt.purpose == .search, !logs.search.isEmpty { findInLogs(-1) }
  }
}

extension Prompt.Purpose {
  /// What stands before the line.
  var mark: String {
    switch self {
    case .search: "/"
    case .hide: "&"
    }
  }
}

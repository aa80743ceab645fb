import ControlAPI
import Terminal

// Commands of the log screen, as in less.
extension ConsoleState {
  /// Carries a command out in its meaning for logs; nil for one that means the same everywhere.
  mutating func performInLogs(_ command: Command) -> [ConsoleEffect]? {
    switch command {
    case .filter: prompt = Prompt(purpose: .search, field: TextField(logs.search))
    case .only: prompt = Prompt(purpose: .hide, field: TextField(logs.filter))
    case .next: findInLogs(1)
    case .previous: findInLogs(-1)
    case .follow, .bottom, .live: follow(command == .follow)
    case .wrap: logs.isWrapping.toggle()
    case .logs: logs.open(application: applicationName, replica: nil)
    case .snapshot: return saveLogs()
    default: return nil
    }
    return []
  }

  /// Moves the last line in sight; at the newest one the log is followed again.
  mutating func scrollLogs(by steps: Int) {
    let count = logEntries.count
    let hidden = min(max(0, (logs.isFollowing ? 0 : logs.hiddenBelow) - steps), max(0, count - 1))
    logs.hiddenBelow = hidden
    logs.isFollowing = hidden == 0
  }

  private mutating func follow(_ isToggled: Bool) {
    logs.isFollowing = isToggled ? !logs.isFollowing : true
    logs.hiddenBelow = 0
  }

  /// Goes to the next line below (or above) that has the search in it.
  mutating func findInLogs(_ direction: Int) {
    let entries = logEntries
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
    let lines = logEntries.map { entry in
      (entry.time.map { WallTime.clock($0, offset: utcOffset) + " " } ?? "") + entry.line
    }
    let name = "\(applicationName ?? "dptop")-\(logs.replica ?? "all")-\(Int(now)).log"
    return [.save(name: name, text: lines.joined(separator: "\n") + "\n")]
  }
}

import ControlAPI
import Terminal

// A line being typed: searches, filters and commands.
extension ConsoleState {
  mutating func type(_ input: InputEvent) -> [ConsoleEffect] {
    guard var prompt else { return [] }
    switch input {
    case .key(.escape, _):
      self.prompt = nil
    case .key(.enter, _):
      self.prompt = nil
      return finish(prompt)
    case .key(.tab, _):
      guard prompt.purpose == .command, let completed = Palette.completed(prompt.field.text, self) else {
        break
      }
      prompt.field = TextField(completed)
      self.prompt = prompt
    default:
      // An empty line that is deleted further is given up.
      if case .key(.backspace, _) = input, prompt.field.text.isEmpty {
        self.prompt = nil
        break
      }
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
    case .hide: logs.show(only: prompt.field.text)
    case .filter:
      if prompt.field.text.isEmpty { filter = nil }
      if let filter = try? ReplicaFilter(prompt.field.text) { self.filter = filter }
    case .command: break
    }
  }

  private mutating func finish(_ prompt: Prompt) -> [ConsoleEffect] {
    let text = prompt.field.text
    switch prompt.purpose {
    case .search:
      logs.search = text
      if !text.isEmpty { findInLogs(-1) }
    case .hide: logs.show(only: text)
    case .filter: setFilter(text)
    case .command: return Palette.run(text, &self)
    }
    return []
  }

  mutating func setFilter(_ text: String) {
    guard !text.allSatisfy({ $0 == " " }) else { return filter = nil }
    do throws(FilterError) { filter = try ReplicaFilter(text) } catch {
      say("filter: \(error)", .error)
    }
  }
}

extension Prompt.Purpose {
  /// What stands before the line.
  var mark: String {
    switch self {
    case .search, .filter: "/"
    case .hide: "&"
    case .command: ":"
    }
  }
}

import JSON

/// The variables that an expression sees; a loop's body has its own, which end with it.
struct TemplateScope {
  private var levels: [[String: JSONValue]]

  init(_ variables: [JSONMember]) {
    levels = [Dictionary(variables.map { ($0.name, $0.value) }) { _, last in last }]
  }

  subscript(name: String) -> JSONValue? {
    for level in levels.reversed() {
      if let value = level[name] { return value }
    }
    return nil
  }

  mutating func enter() { levels.append([:]) }

  mutating func leave() { levels.removeLast() }

  /// `set name = value`, in the innermost level.
  mutating func set(_ name: String, _ value: JSONValue?) { levels[levels.count - 1][name] = value }

  /// `set name.member = value`, wherever the namespace `name` was made; false when there is none.
  mutating func set(_ name: String, member: String, _ value: JSONValue) -> Bool {
    for level in levels.indices.reversed() {
      guard let members = levels[level][name]?.members else { continue }
      levels[level][name] = .object(members.filter { $0.name != member } + [JSONMember(member, value)])
      return true
    }
    return false
  }
}

import JSON
import Manifest

extension JSONValue {
  /// A manifest's value as JSON.
  init(_ value: Value) {
    switch value {
    case .null: self = .null
    case .boolean(let flag): self = .bool(flag)
    case .integer(let number): self = .integer(number)
    case .number(let number): self = .number(number)
    case .text(let text): self = .string(text)
    case .list(let items): self = .array(items.map(JSONValue.init))
    case .map(let members): self = .object(members.map { JSONMember($0.key, JSONValue($0.value)) })
    }
  }

  /// This object with `value` put at the end of `path`, the objects on the way made where they are missing.
  func adding(_ value: JSONValue, at path: some Collection<String>) -> JSONValue {
    guard let name = path.first else { return value }
    var members = members ?? []
    if let place = members.firstIndex(where: { $0.name == name }) {
      members[place] = JSONMember(name, members[place].value.adding(value, at: path.dropFirst()))
    } else {
      members.append(JSONMember(name, JSONValue.object([]).adding(value, at: path.dropFirst())))
    }
    return .object(members)
  }
}

extension Manifest {
  /// What the file gives of a section, in the file's own shape, secrets in clear; an empty object when it gives nothing.
  func given(in section: String, but left: Set<String> = []) -> JSONValue {
    let prefix = section + "."
    return settings.entries.reduce(JSONValue.object([])) { result, entry in
      guard entry.path.hasPrefix(prefix), entry.span != nil, entry.value != .null, !left.contains(entry.path)
      else { return result }
      return result.adding(
        JSONValue(entry.value), at: entry.path.dropFirst(prefix.count).split(separator: ".").map(String.init))
    }
  }
}

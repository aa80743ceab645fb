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
}

import JSON
import Tensors

/// Typed access to the fields of a JSON object, with errors that name file and field.
struct ConfigurationReader {
  let file: String
  /// Path of this object inside the file, such as `rope_scaling.`; empty for the top.
  let prefix: String
  private let json: JSONValue

  init(file: String) throws(ModelError) {
    let json = try reading { () throws(TensorsError) in try MappedFile.json(path: file) }
    guard json.members != nil else {
      throw .configuration(file: file, field: "top level", reason: "expected an object")
    }
    self.init(file: file, prefix: "", json: json)
  }

  private init(file: String, prefix: String, json: JSONValue) {
    self.file = file
    self.prefix = prefix
    self.json = json
  }

  func fault(_ field: String, _ reason: String) -> ModelError {
    .configuration(file: file, field: prefix + field, reason: reason)
  }

  /// The field's value; nil when it is absent or null.
  private func value(_ field: String) -> JSONValue? {
    json[field].flatMap { $0.isNull ? nil : $0 }
  }

  func object(_ field: String) throws(ModelError) -> ConfigurationReader? {
    guard let value = value(field) else { return nil }
    guard value.members != nil else {
      throw fault(field, "expected an object, found \(value.typeName)")
    }
    return ConfigurationReader(file: file, prefix: prefix + field + ".", json: value)
  }

  func contains(_ field: String) -> Bool { value(field) != nil }

  /// Whether the field says anything: `false`, an empty list and an empty object do not.
  func says(_ field: String) -> Bool {
    switch value(field) {
    case nil, .bool(false): false
    case let value?: value.elements?.isEmpty != true && value.members?.isEmpty != true
    }
  }

  /// The names of an object's members; none when the field is absent.
  func names(in field: String) throws(ModelError) -> [String] {
    guard let value = value(field) else { return [] }
    guard let members = value.members else {
      throw fault(field, "expected an object, found \(value.typeName)")
    }
    return members.map(\.name)
  }

  func optionalCount(_ field: String, atLeast minimum: Int = 1) throws(ModelError) -> Int? {
    guard let value = value(field) else { return nil }
    guard case .integer(let count) = value else {
      throw fault(field, "expected an integer, found \(value.typeName)")
    }
    // The upper bound keeps every product of two sizes far from overflow.
    guard count >= minimum, count <= 1 << 28 else {
      throw fault(field, "expected an integer from \(minimum) to \(1 << 28), found \(count)")
    }
    return count
  }

  func count(_ field: String, atLeast minimum: Int = 1) throws(ModelError) -> Int {
    guard let count = try optionalCount(field, atLeast: minimum) else { throw fault(field, "is missing") }
    return count
  }

  /// Small non-negative integers; none when the field is absent.
  func counts(_ field: String) throws(ModelError) -> [Int] {
    guard let value = value(field) else { return [] }
    guard let elements = value.elements else {
      throw fault(field, "expected an array, found \(value.typeName)")
    }
    var counts: [Int] = []
    for element in elements {
      guard case .integer(let count) = element, (0...1 << 28).contains(count) else {
        throw fault(field, "expected integers, found \(element.typeName)")
      }
      counts.append(count)
    }
    return counts
  }

  func optionalNumber(_ field: String) throws(ModelError) -> Float? {
    guard let value = value(field) else { return nil }
    guard let number = value.double else {
      throw fault(field, "expected a number, found \(value.typeName)")
    }
    return Float(number)
  }

  func positiveNumber(_ field: String) throws(ModelError) -> Float? {
    guard let number = try optionalNumber(field) else { return nil }
    guard number > 0, number.isFinite else {
      throw fault(field, "expected a positive number, found \(number)")
    }
    return number
  }

  func flag(_ field: String, default: Bool) throws(ModelError) -> Bool {
    guard let value = value(field) else { return `default` }
    guard case .bool(let flag) = value else {
      throw fault(field, "expected a boolean, found \(value.typeName)")
    }
    return flag
  }

  func text(_ field: String) throws(ModelError) -> String? {
    guard let value = value(field) else { return nil }
    guard case .string(let text) = value else {
      throw fault(field, "expected a string, found \(value.typeName)")
    }
    return text
  }

  /// Token ids written as one integer or a list of them.
  func tokens(_ field: String) throws(ModelError) -> [Int32] {
    guard let value = value(field) else { return [] }
    let list = if case .array(let elements) = value { elements } else { [value] }
    var tokens: [Int32] = []
    for element in list {
      guard case .integer(let id) = element, let token = Int32(exactly: id), token >= 0 else {
        throw fault(field, "expected token ids, found \(element.typeName)")
      }
      tokens.append(token)
    }
    return tokens
  }
}

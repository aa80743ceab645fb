/// The members of a JSON object, read by name and type; unknown ones are never looked at, the last of equal names counts.
///
/// `null` counts as absent, as it does for vLLM's optional fields.
struct RequestFields {
  private var members: [String: JSONElement] = [:]
  /// Where the object is, such as `body`.
  let location: String

  init(_ object: JSONElement, at location: String = "body") throws(APIError) {
    self.location = location
    guard object.isObject else {
      throw .invalid(
        "model_attributes_type", at: location,
        "Input should be a valid dictionary or object to extract fields from",
        input: object.excerpt)
    }
    var members: [String: JSONElement] = [:]
    object.forEach { members[String(decoding: $0, as: UTF8.self)] = $1 }
    self.members = members
  }

  subscript(name: String) -> JSONElement? {
    guard let element = members[name], !element.isNull else { return nil }
    return element
  }

  func string(_ name: String) throws(APIError) -> String? {
    try read(name, "string_type", "Input should be a valid string", \.string)
  }

  func boolean(_ name: String) throws(APIError) -> Bool? {
    try read(name, "bool_type", "Input should be a valid boolean", \.boolean)
  }

  func integer(_ name: String) throws(APIError) -> Int? {
    try read(name, "int_type", "Input should be a valid integer", \.integer)
  }

  func number(_ name: String) throws(APIError) -> Double? {
    try read(name, "float_type", "Input should be a valid number", \.number)
  }

  func array(_ name: String) throws(APIError) -> [JSONElement]? {
    try read(name, "list_type", "Input should be a valid list", \.elements)
  }

  func object(_ name: String) throws(APIError) -> RequestFields? {
    guard let element = self[name] else { return nil }
    return try RequestFields(element, at: path(name))
  }

  /// An array whose every element `read` understands.
  func list<Value>(
    _ name: String, _ kind: String, _ message: String, _ read: (JSONElement) -> Value?
  ) throws(APIError) -> [Value]? {
    guard let elements = try array(name) else { return nil }
    var values: [Value] = []
    values.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard let value = read(element) else {
        throw .invalid(kind, at: "\(path(name)).\(index)", message, input: element.excerpt)
      }
      values.append(value)
    }
    return values
  }

  /// A string, or an array of strings.
  func strings(_ name: String) throws(APIError) -> [String]? {
    if let text = self[name]?.string { return [text] }
    return try list(name, "string_type", "Input should be a valid string", \.string)
  }

  func integers(_ name: String) throws(APIError) -> [Int]? {
    try list(name, "int_type", "Input should be a valid integer", \.integer)
  }

  /// The members, for objects that are maps.
  var all: [String: JSONElement] { members }

  func path(_ name: String) -> String { "\(location).\(name)" }

  private func read<Value>(
    _ name: String, _ kind: String, _ message: String, _ read: (JSONElement) -> Value?
  ) throws(APIError) -> Value? {
    guard let element = self[name] else { return nil }
    guard let value = read(element) else {
      throw .invalid(kind, at: path(name), message, input: element.excerpt)
    }
    return value
  }
}

import JSON
import Testing

@testable import Manifest

/// The schema of a custom resource, reduced by `make_crd_schemas.py`: keys, types, required keys and allowed words.
struct CRDSchema {
  private let document: JSONValue

  init(_ name: String) throws {
    document = try JSONValue(
      parsing: Array(try contents("Tests/InterchangeTests/Samples/\(name).schema.json").utf8))
  }

  /// What is wrong with a resource, as `path: what`; nothing when it can be applied.
  func problems(of text: String) -> [String] {
    var diagnostics = DiagnosticList(file: "k.yaml")
    guard let root = YAMLComposer.compose(ManifestSource(name: "k.yaml", text: text), &diagnostics) else {
      return diagnostics.all.map(\.description)
    }
    var problems = diagnostics.all.map(\.description)
    for key in ["apiVersion", "kind"] where Self.text(root[key]) != document[key]?.string {
      problems.append("\(key): not \(document[key]?.string ?? "")")
    }
    check(root, document["root"], "", &problems)
    return problems
  }

  private func check(_ node: YAMLNode, _ reference: JSONValue?, _ path: String, _ problems: inout [String]) {
    guard let reference else { return }
    let schema = reference["$ref"]?.string.flatMap { document["definitions"]?[$0] } ?? reference
    let isEither = schema["x-kubernetes-int-or-string"] != nil
    if let type = schema["type"]?.string, !isEither, !Self.isOf(type, node) {
      problems.append("\(path): \(type) wanted, found \(node.kind)")
    }
    if let words = schema["enum"]?.elements, !words.contains(where: { $0.string == Self.text(node) }) {
      problems.append("\(path): no such word: \(Self.text(node) ?? node.kind)")
    }
    switch node.content {
    case .mapping(let members): checkMembers(members, schema, path, &problems)
    case .sequence(let items):
      for (place, item) in items.enumerated() { check(item, schema["items"], "\(path)[\(place)]", &problems) }
    case .scalar: break
    }
  }

  private func checkMembers(
    _ members: [YAMLNode.Member], _ schema: JSONValue, _ path: String, _ problems: inout [String]
  ) {
    for key in schema["required"]?.elements ?? [] where !members.contains(where: { $0.key == key.string }) {
      problems.append("\(path): \(key.string ?? "") is missing")
    }
    for member in members {
      let known = schema["properties"]?[member.key] ?? schema["additionalProperties"]
      let isFree = schema["properties"] == nil && schema["additionalProperties"] == nil
      if known == nil, !isFree, schema["x-kubernetes-preserve-unknown-fields"] == nil {
        problems.append("\(path).\(member.key): no such field")
      }
      check(member.value, known, "\(path).\(member.key)", &problems)
    }
  }

  private static func isOf(_ type: String, _ node: YAMLNode) -> Bool {
    switch (type, node.content) {
    case ("object", .mapping), ("array", .sequence): true
    case ("string", .scalar(let text, let isPlain)): !isPlain || PlainScalar(text) == .text
    case ("integer", .scalar(let text, isPlain: true)):
      if case .integer = PlainScalar(text) { true } else { false }
    case ("boolean", .scalar(let text, isPlain: true)):
      if case .boolean = PlainScalar(text) { true } else { false }
    default: false
    }
  }

  private static func text(_ node: YAMLNode?) -> String? {
    if case .scalar(let text, _)? = node?.content { text } else { nil }
  }
}

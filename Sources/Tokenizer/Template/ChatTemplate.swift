public import JSON

/// A chat template: the subset of Jinja that models' templates use, read once and rendered per conversation.
///
/// What lies outside the subset is refused when the template is read, or when it is reached, by its name and place.
public struct ChatTemplate: Sendable {
  private let nodes: [TemplateNode]

  /// Reads a template.
  public init(_ source: String) throws(ChatTemplateError) { nodes = try TemplateParser.parse(source) }

  /// The text of the template with `variables` such as `messages`, `add_generation_prompt` and `bos_token`.
  ///
  /// - Throws: ``ChatTemplateError/raised(_:)`` when the template refuses the conversation.
  public func render(_ variables: [JSONMember]) throws(ChatTemplateError) -> String {
    var evaluator = TemplateEvaluator(scope: TemplateScope(variables))
    try evaluator.render(nodes)
    return evaluator.output
  }
}

/// Walks the nodes of a template.
struct TemplateEvaluator {
  var scope: TemplateScope
  private(set) var output = ""

  init(scope: TemplateScope) { self.scope = scope }

  mutating func render(_ nodes: [TemplateNode]) throws(ChatTemplateError) {
    for node in nodes {
      switch node {
      case .text(let text): output += text
      case .output(let expression, let place):
        guard let text = (try value(expression)).map(TemplateText.print) ?? "" else {
          throw place.unsupported("printing an array or object without tojson")
        }
        output += text
      case .set(let name, nil, let expression, _): scope.set(name, try value(expression))
      case .set(let name, let member?, let expression, let place):
        guard scope.set(name, member: member, try value(expression) ?? .null) else {
          throw place.fault("'\(name)' is not a namespace")
        }
      case .branches(let branches, let otherwise): try render(branches, otherwise)
      case .loop(let loop): try render(loop)
      }
    }
  }

  private mutating func render(
    _ branches: [TemplateBranch], _ otherwise: [TemplateNode]
  ) throws(ChatTemplateError) {
    for branch in branches where try isTrue(branch.condition) { return try render(branch.body) }
    try render(otherwise)
  }

  private mutating func render(_ loop: TemplateLoop) throws(ChatTemplateError) {
    let elements = try elements(of: loop)
    if elements.isEmpty { return try render(loop.otherwise) }
    for (index, element) in elements.enumerated() {
      scope.enter()
      try bind(element, loop)
      scope.set("loop", Self.loopVariable(index, elements))
      try render(loop.body)
      scope.leave()
    }
  }

  private mutating func elements(of loop: TemplateLoop) throws(ChatTemplateError) -> [JSONValue] {
    let sequence = try value(loop.sequence)
    guard let all = sequence.flatMap(TemplateText.elements) else {
      throw loop.place.fault("cannot loop over \(sequence?.typeName ?? "an undefined value")")
    }
    guard let condition = loop.condition else { return all }
    var chosen: [JSONValue] = []
    for element in all {
      scope.enter()
      try bind(element, loop)
      if try isTrue(condition) { chosen.append(element) }
      scope.leave()
    }
    return chosen
  }

  private mutating func bind(_ element: JSONValue, _ loop: TemplateLoop) throws(ChatTemplateError) {
    if loop.names.count == 1 { return scope.set(loop.names[0], element) }
    guard let parts = element.elements, parts.count == loop.names.count else {
      throw loop.place.fault("an element does not have \(loop.names.count) parts")
    }
    for (name, part) in zip(loop.names, parts) { scope.set(name, part) }
  }

  private static func loopVariable(_ index: Int, _ elements: [JSONValue]) -> JSONValue {
    var members = [
      JSONMember("index", .integer(index + 1)), JSONMember("index0", .integer(index)),
      JSONMember("revindex", .integer(elements.count - index)),
      JSONMember("revindex0", .integer(elements.count - index - 1)),
      JSONMember("first", .bool(index == 0)), JSONMember("last", .bool(index == elements.count - 1)),
      JSONMember("length", .integer(elements.count)),
    ]
    if index > 0 { members.append(JSONMember("previtem", elements[index - 1])) }
    if index + 1 < elements.count { members.append(JSONMember("nextitem", elements[index + 1])) }
    return .object(members)
  }
}

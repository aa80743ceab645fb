import JSON

/// A piece of a parsed template.
indirect enum TemplateNode: Equatable, Sendable {
  case text(String)
  case output(TemplateExpression, TemplatePlace)
  /// `{% set name = … %}` or `{% set name.member = … %}`.
  case set(name: String, member: String?, TemplateExpression, TemplatePlace)
  case branches([TemplateBranch], otherwise: [TemplateNode])
  case loop(TemplateLoop)
}

/// One `if` or `elif`.
struct TemplateBranch: Equatable, Sendable {
  let condition: TemplateExpression
  let body: [TemplateNode]
}

/// `{% for names in sequence if condition %} … {% else %} … {% endfor %}`.
struct TemplateLoop: Equatable, Sendable {
  let names: [String]
  let sequence: TemplateExpression
  let condition: TemplateExpression?
  var body: [TemplateNode] = []
  var otherwise: [TemplateNode] = []
  let place: TemplatePlace
}

/// What stands in parentheses after a function, method, filter or test.
struct TemplateArguments: Equatable, Sendable {
  struct Named: Equatable, Sendable {
    let name: String
    let value: TemplateExpression
  }

  var positional: [TemplateExpression] = []
  var named: [Named] = []
}

/// An expression of a template.
indirect enum TemplateExpression: Equatable, Sendable {
  struct Entry: Equatable, Sendable {
    let name: TemplateExpression
    let value: TemplateExpression
  }

  struct Bounds: Equatable, Sendable {
    var lower: TemplateExpression?
    var upper: TemplateExpression?
    var step: TemplateExpression?
  }

  case literal(JSONValue)
  case name(String, TemplatePlace)
  case list([TemplateExpression])
  case dictionary([Entry], TemplatePlace)
  case member(TemplateExpression, TemplateExpression, TemplatePlace)
  case slice(TemplateExpression, Bounds, TemplatePlace)
  case call(String, TemplateArguments, TemplatePlace)
  case method(TemplateExpression, String, TemplateArguments, TemplatePlace)
  case filter(TemplateExpression, String, TemplateArguments, TemplatePlace)
  case test(TemplateExpression, String, TemplateArguments, TemplatePlace)
  case not(TemplateExpression)
  case negative(TemplateExpression, TemplatePlace)
  case binary(String, TemplateExpression, TemplateExpression, TemplatePlace)
  case conditional(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}

/// Puts the pieces of a template together to nodes.
struct TemplateParser {
  private let pieces: [TemplateSource.Piece]
  private var index = 0

  private init(_ pieces: [TemplateSource.Piece]) { self.pieces = pieces }

  static func parse(_ template: String) throws(ChatTemplateError) -> [TemplateNode] {
    var parser = TemplateParser(try TemplateSource.pieces(of: template))
    let (nodes, end) = try parser.body()
    if let end { throw end.place.fault("'\(end.word)' without its beginning") }
    return nodes
  }

  /// A block that ends or divides the one around it, with the tokens after its word.
  private struct Divider {
    let word: String
    let place: TemplatePlace
    let rest: TokenReader
  }

  private static let dividers: Set<String> = ["elif", "else", "endif", "endfor", "endgeneration"]
  private static let unsupported: Set<String> = [
    "macro", "call", "filter", "block", "extends", "include", "import", "from", "with", "autoescape", "raw",
    "do",
    "break", "continue",
  ]

  /// Nodes up to a divider, or to the end of the template.
  private mutating func body() throws(ChatTemplateError) -> ([TemplateNode], Divider?) {
    var nodes: [TemplateNode] = []
    while index < pieces.count {
      defer { index += 1 }
      switch pieces[index] {
      case .text(let text): nodes.append(.text(text))
      case .output(let tokens):
        var reader = TokenReader(tokens)
        let place = reader.place
        nodes.append(.output(try reader.wholeExpression(), place))
      case .block(let tokens):
        var reader = TokenReader(tokens)
        let place = reader.place
        let word = try reader.name("the name of a block")
        if Self.dividers.contains(word) { return (nodes, Divider(word: word, place: place, rest: reader)) }
        nodes += try block(word, place, &reader)
      }
    }
    return (nodes, nil)
  }

  private mutating func block(
    _ word: String, _ place: TemplatePlace, _ reader: inout TokenReader
  ) throws(ChatTemplateError) -> [TemplateNode] {
    switch word {
    case "if": return [try branches(try reader.wholeExpression(), place)]
    case "for": return [.loop(try loop(&reader, place))]
    case "set": return [try assignment(&reader, place)]
    case "generation":
      index += 1
      let (nodes, _) = try section(until: ["endgeneration"], of: word, place)
      return nodes
    case _ where Self.unsupported.contains(word): throw place.unsupported("'\(word)'")
    default: throw place.fault("unknown block '\(word)'")
    }
  }

  /// Nodes up to one of `words`; leaves ``index`` at that divider.
  private mutating func section(
    until words: Set<String>, of block: String, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> ([TemplateNode], Divider) {
    let (nodes, divider) = try body()
    guard let divider else { throw place.fault("'\(block)' without its end") }
    guard words.contains(divider.word) else {
      throw divider.place.fault("unexpected '\(divider.word)' in '\(block)'")
    }
    index -= 1
    return (nodes, divider)
  }

  private mutating func branches(
    _ condition: TemplateExpression, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> TemplateNode {
    var branches: [TemplateBranch] = []
    var condition = condition
    while true {
      index += 1
      let (nodes, divider) = try section(until: ["elif", "else", "endif"], of: "if", place)
      branches.append(TemplateBranch(condition: condition, body: nodes))
      if divider.word == "endif" { return .branches(branches, otherwise: []) }
      if divider.word == "else" { break }
      var reader = divider.rest
      condition = try reader.wholeExpression()
    }
    index += 1
    let (otherwise, _) = try section(until: ["endif"], of: "if", place)
    return .branches(branches, otherwise: otherwise)
  }

  private mutating func loop(
    _ reader: inout TokenReader, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> TemplateLoop {
    var names = [try reader.name("a loop variable")]
    while reader.take(mark: ",") { names.append(try reader.name("a loop variable")) }
    try reader.expect(word: "in")
    let sequence = try reader.expressionWithoutCondition()
    let condition: TemplateExpression? = reader.take(word: "if") ? try reader.expression() : nil
    if reader.take(word: "recursive") { throw place.unsupported("'recursive'") }
    try reader.expectEnd()
    var loop = TemplateLoop(names: names, sequence: sequence, condition: condition, place: place)
    index += 1
    let (nodes, divider) = try section(until: ["else", "endfor"], of: "for", place)
    loop.body = nodes
    if divider.word == "else" {
      index += 1
      loop.otherwise = try section(until: ["endfor"], of: "for", place).0
    }
    return loop
  }

  private func assignment(
    _ reader: inout TokenReader, _ place: TemplatePlace
  ) throws(ChatTemplateError) -> TemplateNode {
    let name = try reader.name("a variable")
    let member: String? = reader.take(mark: ".") ? try reader.name("a member") : nil
    guard reader.take(mark: "=") else { throw place.unsupported("'set' of a block or of several variables") }
    return .set(name: name, member: member, try reader.wholeExpression(), place)
  }
}

/// A template cut at its tags: text, `{{ … }}` and `{% … %}`, with the white space around tags taken away.
///
/// As Hugging Face renders: `trim_blocks` (the newline after a block is dropped) and `lstrip_blocks` (so is the white
/// space before a block that begins its line), one final newline dropped, and `-` in a tag strips all white space on its side.
struct TemplateSource {
  enum Piece: Equatable {
    case text(String)
    case output([TemplateToken])
    case block([TemplateToken])
  }

  private enum Tag { case output, block, comment }

  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var place = TemplatePlace()
  private var text = ""
  private var pieces: [Piece] = []
  private var stripsNext = false

  private init(_ template: String) {
    scalars = Array(template.unicodeScalars)
  }

  static func pieces(of template: String) throws(ChatTemplateError) -> [Piece] {
    let body = template.hasSuffix("\n") ? String(template.dropLast()) : template
    var source = TemplateSource(body)
    try source.cut()
    return source.pieces
  }

  private mutating func cut() throws(ChatTemplateError) {
    while index < scalars.count {
      if let tag = openingTag() {
        try take(tag)
      } else {
        text.unicodeScalars.append(advance())
      }
    }
    endText()
  }

  private func openingTag() -> Tag? {
    guard scalars[index] == "{", index + 1 < scalars.count else { return nil }
    return switch scalars[index + 1] {
    case "{": .output
    case "%": .block
    case "#": .comment
    default: nil
    }
  }

  private mutating func take(_ tag: Tag) throws(ChatTemplateError) {
    let start = place
    advance(by: 2)
    let mark = index < scalars.count ? scalars[index] : " "
    if mark == "-" || mark == "+" { advance(by: 1) }
    endText(strippingAll: mark == "-", strippingLine: tag != .output && mark != "+")
    var tokens: [TemplateToken] = []
    if tag == .comment {
      try skipComment(from: start)
    } else {
      tokens = try self.tokens(of: tag, from: start)
    }
    afterTag(tag)
    switch tag {
    case .output: pieces.append(.output(tokens))
    case .block: pieces.append(.block(tokens))
    case .comment: break
    }
  }

  private mutating func skipComment(from start: TemplatePlace) throws(ChatTemplateError) {
    while !looksAt("#}") {
      guard index < scalars.count else { throw start.fault("a comment without its end") }
      if looksAt("-#}") { break }
      advance()
    }
  }

  private mutating func tokens(of tag: Tag, from start: TemplatePlace) throws(ChatTemplateError)
    -> [TemplateToken]
  {
    let end = tag == .output ? "}}" : "%}"
    var lexer = TemplateLexer(scalars: scalars, index: index, place: place)
    var tokens: [TemplateToken] = []
    while !lexer.atEnd(end) {
      guard let token = try lexer.next() else { throw start.fault("a tag without its end") }
      tokens.append(token)
    }
    index = lexer.index
    place = lexer.place
    return tokens
  }

  /// Steps over the closing marks and notes what becomes of the white space behind them.
  private mutating func afterTag(_ tag: Tag) {
    stripsNext = index < scalars.count && scalars[index] == "-"
    let keepsNewline = index < scalars.count && scalars[index] == "+"
    if stripsNext || keepsNewline { advance(by: 1) }
    advance(by: 2)
    guard tag != .output, !stripsNext, !keepsNewline else { return }
    if looksAt("\r\n") { advance(by: 2) } else if looksAt("\n") { advance(by: 1) }
  }

  private mutating func endText(strippingAll: Bool = false, strippingLine: Bool = false) {
    var result = text.unicodeScalars[...]
    let isSpace: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
    if stripsNext { result = result.drop(while: isSpace) }
    if strippingAll {
      while let last = result.last, isSpace(last) { result.removeLast() }
    } else if strippingLine {
      let line = result.lastIndex(of: "\n").map { result.index(after: $0) }
      let start = line ?? result.startIndex
      let beginsLine = line != nil || pieces.isEmpty
      if beginsLine, result[start...].allSatisfy(isSpace) { result = result[..<start] }
    }
    if !result.isEmpty { pieces.append(.text(String(result))) }
    text = ""
    stripsNext = false
  }

  private func looksAt(_ word: String) -> Bool {
    scalars[min(index, scalars.count)...].starts(with: word.unicodeScalars)
  }

  @discardableResult
  private mutating func advance() -> Unicode.Scalar {
    let scalar = scalars[index]
    index += 1
    place.step(over: scalar)
    return scalar
  }

  private mutating func advance(by count: Int) {
    for _ in 0..<min(count, scalars.count - index) { advance() }
  }
}

extension TemplatePlace {
  mutating func step(over scalar: Unicode.Scalar) {
    if scalar == "\n" {
      line += 1
      column = 1
    } else {
      column += 1
    }
  }
}

extension SchemaReader {
  /// Reads `env_vars`: texts, or `{value: ..., secret: true}`.
  mutating func readVariables(_ member: YAMLNode.Member, path: String) {
    guard !member.value.isNull else { return }
    guard case .mapping(let variables) = member.value.content else {
      diagnostics.report(
        .wrongType, "`\(path)` must be a mapping, found \(member.value.kind)", at: member.value.span,
        help: "write `NAME: \"value\"` below it, indented")
      return
    }
    var read = ReadValue(value: .null, span: member.value.span, keySpan: member.keySpan)
    var members: [Value.Member] = []
    for variable in variables {
      guard isGoodName(variable), let (value, isSecret) = variableValue(variable) else { continue }
      members.append(Value.Member(variable.key, .text(value)))
      read.itemSpans[variable.key] = variable.keySpan
      if isSecret { read.secretItems.insert(variable.key) }
    }
    store(path, read, .map(members))
  }

  private mutating func isGoodName(_ variable: YAMLNode.Member) -> Bool {
    let isWord = variable.key.utf8.enumerated().allSatisfy { position, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
        true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): position > 0
      default: false
      }
    }
    if !isWord {
      diagnostics.report(
        .badValue, "`\(variable.key)` cannot name an environment variable", at: variable.keySpan,
        help: "use letters, digits and underscores")
    } else if variable.key.hasPrefix("DPDEPLOY_") {
      diagnostics.report(
        .conflict, "`\(variable.key)` is set by the controller", at: variable.keySpan,
        help: "names that start with DPDEPLOY_ are taken")
      return false
    }
    return isWord
  }

  private mutating func variableValue(_ variable: YAMLNode.Member) -> (String, isSecret: Bool)? {
    switch variable.value.content {
    case .scalar(let text, let isPlain):
      let isSecret = SecretNames.matches(variable.key)
      return plainValue(variable, text, isPlain, isSecret).map { ($0, isSecret) }
    case .mapping(let members):
      guard members.allSatisfy({ $0.key == "value" || $0.key == "secret" }),
        let value = variable.value["value"],
        case .scalar(let text, let isPlain) = value.content
      else { break }
      var isSecret = false
      if let flag = variable.value["secret"] {
        let field = Field("secret", .boolean, "")
        guard case .boolean(let wish)? = convert(flag, field, path: variable.key + ".secret") else {
          return nil
        }
        isSecret = wish
      }
      isSecret = isSecret || SecretNames.matches(variable.key)
      return plainValue(variable, text, isPlain, isSecret).map { ($0, isSecret) }
    case .sequence: break
    }
    diagnostics.report(
      .wrongType, "`\(variable.key)` must be a string, found \(variable.value.kind)", at: variable.value.span,
      help: "write `\(variable.key): \"value\"`, or `{value: ..., secret: true}`")
    return nil
  }

  /// The text of a value; remarks on a secret point at its name, so that no excerpt shows it.
  private mutating func plainValue(
    _ variable: YAMLNode.Member, _ text: String, _ isPlain: Bool, _ isSecret: Bool
  ) -> String? {
    let place = isSecret ? variable.keySpan : variable.value.span
    if text.utf8.contains(0) {
      diagnostics.report(
        .badValue, "`\(variable.key)` holds a zero byte, which no environment can carry",
        at: variable.value.span,
        help: "remove the \\0")
      return nil
    }
    guard isPlain else { return text }
    switch PlainScalar(text) {
    case .null:
      diagnostics.report(
        .missingField, "`\(variable.key)` has no value", at: variable.keySpan,
        help: "write `\(variable.key): \"\"` for an empty one, or remove the line")
      return nil
    case .boolean, .oldBoolean, .exponent, .octal, .sexagesimal, .grouped:
      diagnostics.report(
        .ambiguousScalar,
        "`\(variable.key)` is read as the text `\(isSecret ? Settings.redacted : text)`", at: place,
        note: "other YAML readers may see something else in it",
        help: "put it in quotes")
      return text
    default: return text
    }
  }
}

/// Which names hold secrets.
package enum SecretNames {
  static let words = ["KEY", "TOKEN", "SECRET", "PASSWORD"]

  package static func matches(_ name: String) -> Bool {
    let upper = name.uppercased()
    return words.contains { upper.contains($0) }
  }
}

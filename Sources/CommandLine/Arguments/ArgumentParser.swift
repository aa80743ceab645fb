import Manifest

/// What a command line asks for.
public enum Invocation: Sendable, Equatable {
  /// Run with these arguments.
  case run(ParsedArguments)
  /// Show the command's help.
  case help
}

extension CommandDescription {
  /// Reads the words after the command's name.
  ///
  /// Understood are `--name value`, `--name=value`, `-n value`, `-nvalue`, joined switches (`-ab`) and `--`; options and
  /// operands mix.
  public func parse(_ words: some Sequence<String>) throws(UsageError) -> Invocation {
    var words = Array(words)[...]
    var result = ParsedArguments()
    while let word = words.popFirst() {
      if word == "--" {
        result.operands += words
        break
      } else if word == "--help" || word == "-h" {
        return .help
      } else if word.hasPrefix("--") {
        try readLong(word, &words, &result)
      } else if word.hasPrefix("-"), word.count > 1, !Self.isNumber(word) {
        try readShort(word, &words, &result)
      } else {
        result.operands.append(word)
      }
    }
    try checkOperands(result)
    return .run(result)
  }

  private func readLong(
    _ word: String, _ words: inout ArraySlice<String>, _ result: inout ParsedArguments
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let spelling = String(parts[0])
    guard let option = option(named: spelling) else { throw unknown(spelling) }
    let attached = parts.count > 1 ? String(parts[1]) : nil
    guard option.takesValue else {
      if let attached {
        guard case .openFlag = option.form else { throw UsageError("\(spelling) takes no value") }
        try store(attached, option, &result)
      }
      result.set(option.name, !spelling.hasPrefix("--no-") || option.name.hasPrefix("no-"))
      return
    }
    if let attached {
      try store(attached, option, &result)
    } else {
      try store(try following(spelling, option, &words), option, &result)
    }
  }

  private func readShort(
    _ word: String, _ words: inout ArraySlice<String>, _ result: inout ParsedArguments
  ) throws(UsageError) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let option = option(named: "-\(letter)") else { throw unknown("-\(letter)") }
      guard option.takesValue else {
        result.set(option.name, true)
        continue
      }
      if letters.first == "=" { letters.removeFirst() }
      let value = letters.isEmpty ? try following("-\(letter)", option, &words) : String(letters)
      return try store(value, option, &result)
    }
  }

  private func following(
    _ spelling: String, _ option: OptionDescription, _ words: inout ArraySlice<String>
  ) throws(UsageError) -> String {
    guard let next = words.first, !(next.hasPrefix("--") && self.option(named: next) != nil) else {
      throw UsageError("\(spelling) needs a value", help: "\(spelling) \(option.valueWords)")
    }
    words.removeFirst()
    return next
  }

  private func store(
    _ value: String, _ option: OptionDescription, _ result: inout ParsedArguments
  ) throws(UsageError) {
    if !option.choices.isEmpty, !option.choices.contains(value) {
      let near = Suggestion.sentence(for: value, among: option.choices)
      throw UsageError(
        "--\(option.name) cannot be `\(value)`",
        help: near ?? "write one of \(option.choices.joined(separator: ", "))")
    }
    if case .value = option.form, result.hasValue(option.name) {
      throw UsageError("--\(option.name) is given twice")
    }
    result.add(value, to: option.name)
  }

  private func checkOperands(_ result: ParsedArguments) throws(UsageError) {
    let least = operands.reduce(0) { $0 + $1.count.lowerBound }
    let most = operands.reduce(0) { $0 + min($1.count.upperBound, 1 << 20) }
    if result.operands.count > most {
      throw UsageError("unexpected `\(result.operands[most])`", help: "usage: \(usage)")
    }
    guard result.operands.count < least else { return try checkChoices(result) }
    let names = operands.filter { $0.count.lowerBound > 0 }.map(\.name)
    let missing = names[min(result.operands.count, names.count - 1)]
    throw UsageError("\(missing) is missing", help: "usage: \(usage)")
  }

  private func checkChoices(_ result: ParsedArguments) throws(UsageError) {
    for (operand, word) in zip(operands, result.operands)
    where !operand.choices.isEmpty && !operand.choices.contains(word) {
      let near = Suggestion.sentence(for: word, among: operand.choices)
      throw UsageError(
        "\(operand.name) cannot be `\(word)`",
        help: near ?? "write one of \(operand.choices.joined(separator: ", "))")
    }
  }

  private func unknown(_ spelling: String) -> UsageError {
    UsageError(
      "unknown option `\(spelling)`",
      help: Suggestion.sentence(for: spelling, among: options.flatMap(\.spellings).filter { $0.count > 2 }))
  }

  private static func isNumber(_ word: String) -> Bool { Double(word) != nil }
}

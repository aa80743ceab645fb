/// What may stand at the end of a command line that is being typed.
public enum Completion: Sendable, Equatable {
  /// One of these words.
  case words([Candidate])
  /// The name of a file.
  case files
  /// A value that help calls by this word, such as `NAME`: whoever knows such values offers those that go on from
  /// `typed`, each behind `prefix`.
  case value(String, typed: String, prefix: String)

  /// A word, and what it means.
  public struct Candidate: Sendable, Equatable {
    /// The word.
    public let word: String
    /// What it means, in one line; empty when the word says it.
    public let summary: String

    /// Makes a candidate.
    public init(_ word: String, _ summary: String = "") {
      self.word = word
      self.summary = summary
    }
  }

  /// Those of `values` that go on from what is typed, each once.
  public static func words(
    _ values: some Sequence<Candidate>, typed: String, prefix: String = ""
  ) -> Completion {
    var seen: Set<String> = []
    return .words(
      values.filter { $0.word.hasPrefix(typed) && seen.insert($0.word).inserted }
        .map { Candidate(prefix + $0.word, $0.summary) })
  }

  /// The words that stand for a file in help.
  private static let fileWords: Set<String> = ["DIR", "FILE", "FOLDER", "MANIFEST"]

  static func value(_ word: String, choices: [String], typed: String, prefix: String = "") -> Completion {
    guard choices.isEmpty else { return .words(choices.map { Candidate($0) }, typed: typed, prefix: prefix) }
    return fileWords.contains(word) ? .files : .value(word, typed: typed, prefix: prefix)
  }
}

extension CommandSet {
  /// What may stand in the place of the last of `words`, the words after the tool's name.
  ///
  /// bash cuts `--color=al` into three words at the `=`; they are read as the one that was typed.
  public func completion(of words: [String]) -> Completion {
    var before = Array(words.dropLast())
    var typed = words.last ?? ""
    let isCut = typed == "=" || before.last == "="
    before.removeAll { $0 == "=" }
    if typed == "=" { typed = "" }
    if before.first == "help" { before.removeFirst() }
    let next = nextWords(after: before)
    guard next.isEmpty || isCut else { return .words(next + general(before), typed: typed) }
    guard case .command(let place, let rest)? = try? choose(before) else { return .words([]) }
    return commands[place].completion(after: rest, typed: typed, isCut: isCut)
  }

  private func nextWords(after before: [String]) -> [Completion.Candidate] {
    commands.indices.compactMap { place in
      let words = callWords(place)
      guard words.count > before.count, words.starts(with: before) else { return nil }
      return Completion.Candidate(words[before.count], commands[place].summary)
    }
  }

  private func general(_ before: [String]) -> [Completion.Candidate] {
    guard before.isEmpty else { return [] }
    return [
      .init("help", "Show the help of a command."), .init("--help", "Show this help."),
      .init("--version", "Print the version."),
    ]
  }
}

extension CommandDescription {
  /// What may stand behind `words`, which come after the command's name, when `typed` has been typed of it.
  func completion(after words: [String], typed: String, isCut: Bool) -> Completion {
    var operandCount = 0
    var isOperandsOnly = false
    var pending: OptionDescription?
    for word in words {
      if pending != nil {
        pending = nil
      } else if isOperandsOnly || !word.hasPrefix("-") || word == "-" {
        operandCount += 1
      } else if word == "--" {
        isOperandsOnly = true
      } else if let option = option(named: word), option.takesValue {
        pending = option
      }
    }
    if let pending { return pending.completion(typed: typed) }
    if isCut { return .words([]) }
    if !isOperandsOnly, typed.hasPrefix("-") { return optionCompletion(typed: typed, given: words) }
    guard let operand = operand(at: operandCount) else {
      return isOperandsOnly ? .words([]) : optionCompletion(typed: typed, given: words)
    }
    return .value(operand.name, choices: operand.choices, typed: typed)
  }

  private func optionCompletion(typed: String, given: [String]) -> Completion {
    if let equals = typed.firstIndex(of: "="), let option = option(named: String(typed[..<equals])) {
      let value = typed[typed.index(after: equals)...]
      return option.completion(typed: String(value), prefix: String(typed[...equals]))
    }
    let candidates = options.filter { $0.isRepeated || Set($0.spellings).isDisjoint(with: given) }.flatMap {
      option in
      option.spellings.filter { $0.hasPrefix("--") }.map { Completion.Candidate($0, option.summary) }
    }
    return .words(candidates, typed: typed)
  }

  private func operand(at place: Int) -> OperandDescription? {
    var place = place
    for operand in operands {
      if place < operand.count.upperBound { return operand }
      place -= operand.count.upperBound
    }
    return nil
  }
}

extension OptionDescription {
  fileprivate var isRepeated: Bool {
    if case .repeated = form { true } else { false }
  }

  fileprivate func completion(typed: String, prefix: String = "") -> Completion {
    switch form {
    case .flag, .toggle: .words([])
    case .value(let word), .repeated(let word), .openFlag(let word):
      .value(word, choices: choices, typed: typed, prefix: prefix)
    }
  }
}

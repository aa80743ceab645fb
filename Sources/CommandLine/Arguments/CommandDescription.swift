/// A command as data: parsing, `--help`, suggestions and completion all come from it.
public struct CommandDescription: Sendable {
  /// The words that call it, such as `dpdeploy validate`.
  public let name: String
  /// What it does, in one line.
  public let summary: String
  /// More about it, for `--help`; paragraphs are separated by empty lines.
  public let discussion: String
  /// Its options, in the order of `--help`.
  public let options: [OptionDescription]
  /// What may stand without a dash.
  public let operands: [OperandDescription]
  /// Command lines to learn from, each with what it does.
  public let examples: [Example]

  /// A command line and what it does.
  public struct Example: Sendable {
    /// The command line.
    public let line: String
    /// What it does.
    public let effect: String

    /// Makes an example.
    public init(_ line: String, _ effect: String) {
      self.line = line
      self.effect = effect
    }
  }

  /// Describes a command.
  public init(
    _ name: String, _ summary: String, discussion: String = "", operands: [OperandDescription] = [],
    options: [OptionDescription] = [], examples: [Example] = []
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.operands = operands
    self.options = options + [OptionDescription.help]
    self.examples = examples
  }

  func option(named word: String) -> OptionDescription? {
    options.first { $0.spellings.contains(word) }
  }
}

/// An option of a command.
public struct OptionDescription: Sendable {
  /// How often and with what it may be given.
  public enum Form: Sendable, Equatable {
    /// A switch: present or not.
    case flag
    /// A switch that may carry a word behind `=`; the word names it in help.
    case openFlag(String)
    /// A switch that has a `--no-` twin.
    case toggle
    /// Takes a value; the word names it in help.
    case value(String)
    /// Takes a value and may be given again.
    case repeated(String)
  }

  /// The long name without dashes.
  public let name: String
  /// A single letter for it.
  public let short: Character?
  /// Its form.
  public let form: Form
  /// What it does, in one line.
  public let summary: String
  /// The only values it takes; empty when any will do.
  public let choices: [String]
  /// The value in effect without it, for help.
  public let fallback: String?

  /// Describes an option.
  public init(
    _ name: String, short: Character? = nil, _ form: Form, _ summary: String, choices: [String] = [],
    fallback: String? = nil
  ) {
    self.name = name
    self.short = short
    self.form = form
    self.summary = summary
    self.choices = choices
    self.fallback = fallback
  }

  static let help = OptionDescription("help", short: "h", .flag, "Show this help.")

  var spellings: [String] {
    ["--" + name] + (form == .toggle ? ["--no-" + name] : []) + (short.map { ["-\($0)"] } ?? [])
  }

  /// What to write behind it: one of its choices, or its value's name.
  var valueWords: String {
    guard choices.isEmpty else { return "takes one of " + choices.joined(separator: ", ") }
    return switch form {
    case .value(let word), .repeated(let word), .openFlag(let word): "takes \(word): \(summary)"
    case .flag, .toggle: summary
    }
  }

  var takesValue: Bool {
    switch form {
    case .flag, .openFlag, .toggle: false
    case .value, .repeated: true
    }
  }
}

/// What may stand on a command line without a dash.
public struct OperandDescription: Sendable {
  /// Its name in help, such as `MANIFEST`.
  public let name: String
  /// What it is.
  public let summary: String
  /// How many may stand.
  public let count: ClosedRange<Int>
  /// The only words that may stand; empty when any will do.
  public let choices: [String]

  /// Describes an operand; by default exactly one must stand.
  public init(
    _ name: String, _ summary: String, _ count: ClosedRange<Int> = 1...1, choices: [String] = []
  ) {
    self.name = name
    self.summary = summary
    self.count = count
    self.choices = choices
  }

  var fullSummary: String {
    choices.isEmpty ? summary : summary + " One of \(choices.joined(separator: ", "))."
  }
}

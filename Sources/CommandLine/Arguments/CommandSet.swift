import Manifest

/// A tool with subcommands.
public struct CommandSet: Sendable {
  /// The tool's name.
  public let name: String
  /// What it is, in one line.
  public let summary: String
  /// Its commands, in the order of `--help`.
  public let commands: [CommandDescription]
  /// Command lines to learn from.
  public let examples: [CommandDescription.Example]
  /// What other tools call something, and what it is called here.
  public let foreignWords: [String: String]

  /// Describes a tool.
  public init(
    _ name: String, _ summary: String, commands: [CommandDescription],
    examples: [CommandDescription.Example] = [], foreignWords: [String: String] = [:]
  ) {
    self.foreignWords = foreignWords
    self.name = name
    self.summary = summary
    self.commands = commands
    self.examples = examples
  }

  /// What the first words of a command line choose.
  public enum Choice: Sendable, Equatable {
    /// The command at this place, with the words after its name.
    case command(Int, rest: [String])
    /// The tool's own help.
    case help
    /// The help of the command at this place.
    case helpOf(Int)
    /// The tool's version.
    case version
  }

  /// Chooses a command; its name may be several words, of which the longest match wins.
  public func choose(_ words: [String]) throws(UsageError) -> Choice {
    switch words.first {
    case nil, "--help", "-h": return .help
    case "--version", "-V": return .version
    case "help":
      let rest = Array(words.dropFirst())
      guard !rest.isEmpty else { return .help }
      guard case .command(let place, _) = try choose(rest) else { return .help }
      return .helpOf(place)
    default: break
    }
    let matches = commands.indices.filter { words.starts(with: callWords($0)) }
    if let best = matches.max(by: { callWords($0).count < callWords($1).count }) {
      return .command(best, rest: Array(words.dropFirst(callWords(best).count)))
    }
    throw unknown(words)
  }

  /// The text of the tool's `--help`: commands, examples and what the exit status means.
  public func helpText(style: Style, width: Int = 80) -> String {
    let rows = commands.map { (callName($0), $0.summary) }
    let codes = ExitCode.documented.map { ("\($0.rawValue)", $0.meaning) }
    var parts = [
      summary, style.bold("Usage: ") + "\(name) COMMAND [OPTIONS]",
      style.bold("Commands:") + "\n" + CommandDescription.columns(rows, style, width),
    ]
    if !examples.isEmpty {
      let lines = examples.map { "  \(style.cyan($0.line))\n      \($0.effect)" }
      parts.append(style.bold("Examples:") + "\n" + lines.joined(separator: "\n"))
    }
    parts.append(style.bold("Exit status:") + "\n" + CommandDescription.columns(codes, style, width))
    parts.append("`\(name) COMMAND --help` tells more about a command.")
    return parts.joined(separator: "\n\n") + "\n"
  }

  func callWords(_ place: Int) -> [String] {
    callName(commands[place]).split(separator: " ").map(String.init)
  }

  private func callName(_ command: CommandDescription) -> String {
    command.name.hasPrefix(name + " ") ? String(command.name.dropFirst(name.count + 1)) : command.name
  }

  private func unknown(_ words: [String]) -> UsageError {
    let word = words[0]
    if word.hasPrefix("-") {
      return UsageError("unknown option `\(word)`", help: "`\(name) --help` lists the commands")
    }
    let heads = commands.indices.map(callWords)
    let tails = heads.filter { $0.count > 1 && $0[0] == word }.map { $0[1] }
    guard tails.isEmpty else {
      return UsageError("`\(name) \(word)` needs one of \(tails.joined(separator: ", "))")
    }
    let near =
      foreignWords[word].map { "here it is `\($0)`" }
      ?? Suggestion.sentence(for: word, among: heads.map { $0[0] })
    return UsageError("unknown command `\(word)`", help: near ?? "`\(name) --help` lists the commands")
  }
}

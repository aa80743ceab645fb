/// A page for man(1), written from a command's description.
public struct ManualPage: Sendable {
  /// The file's name, such as `dpdeploy-apply.1`.
  public let fileName: String
  /// The page in roff.
  public let text: String

  /// The page of a command; `seeAlso` names other pages without their section.
  public init(_ command: CommandDescription, version: String, seeAlso: [String] = []) {
    let name = Self.pageName(command.name)
    var roff = Roff(title: name, source: "dpdeploy \(version)")
    roff.heading(name, command.summary, usage: command.usage)
    if !command.discussion.isEmpty {
      roff.section("DESCRIPTION")
      roff.paragraphs(command.discussion)
    }
    roff.list("ARGUMENTS", command.operands.map { ($0.name, $0.fullSummary) })
    roff.list("OPTIONS", command.options.map { ($0.syntax, $0.fullSummary) })
    roff.list("EXAMPLES", command.examples.map { ($0.line, $0.effect) })
    roff.references(seeAlso)
    fileName = name + ".1"
    text = roff.text
  }

  /// The page of a tool with subcommands, which names the pages of these.
  public init(_ set: CommandSet, version: String, seeAlso: [String] = []) {
    var roff = Roff(title: set.name, source: "dpdeploy \(version)")
    roff.heading(set.name, set.summary, usage: set.name + " COMMAND [OPTIONS]")
    roff.list("COMMANDS", set.commands.map { ("\(Self.pageName($0.name))(1)", $0.summary) })
    roff.list("EXAMPLES", set.examples.map { ($0.line, $0.effect) })
    roff.list("EXIT STATUS", ExitCode.documented.map { ("\($0.rawValue)", $0.meaning) })
    roff.references(seeAlso)
    fileName = set.name + ".1"
    text = roff.text
  }

  /// The tool's page, then those of its commands.
  public static func all(of set: CommandSet, version: String, seeAlso: [String] = []) -> [ManualPage] {
    [ManualPage(set, version: version, seeAlso: seeAlso)]
      + set.commands.map { ManualPage($0, version: version, seeAlso: [set.name]) }
  }

  private static func pageName(_ command: String) -> String {
    command.split(separator: " ").joined(separator: "-")
  }
}

extension Roff {
  fileprivate mutating func heading(_ name: String, _ summary: String, usage: String) {
    section("NAME")
    let ending = summary.hasSuffix(".") ? String(summary.dropLast()) : summary
    line(Self.escaped(name) + " \\- " + Self.marked(ending))
    section("SYNOPSIS")
    line("\\fB" + Self.escaped(usage) + "\\fR")
  }

  fileprivate mutating func list(_ title: String, _ entries: [(String, String)]) {
    guard !entries.isEmpty else { return }
    section(title)
    for (term, meaning) in entries { entry(term, meaning) }
  }

  fileprivate mutating func references(_ pages: [String]) {
    guard !pages.isEmpty else { return }
    section("SEE ALSO")
    line(pages.map { "\\fB" + Self.escaped($0) + "\\fR(1)" }.joined(separator: ", "))
  }
}

extension OptionDescription {
  /// `--man`, for a tool that is one command: `make install` writes its page with it.
  public static let manual = OptionDescription("man", .flag, "Print the manual page, for `man -l -`.")
}

import CommandLine
import FoundationEssentials
import Platform

/// `dpdeploy man`: manual pages from the table of commands.
enum ManCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy man", "Print a manual page, or write all of them to a folder.",
    discussion: "`make install` writes the pages to share/man/man1, where man finds them.",
    operands: [OperandDescription("COMMAND", "The command; without it the page of dpdeploy itself.", 0...1)],
    options: [
      OptionDescription(
        "into", .value("DIR"), "Write the pages of dpdeploy and every command to this folder."),
      .color,
    ],
    examples: [.init("dpdeploy man apply | man -l -", "read the page of `dpdeploy apply`")])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) throws -> ExitCode {
    if let folder = arguments.value("into") {
      guard arguments.operands.isEmpty else {
        throw UsageError("--into writes all pages and takes no COMMAND")
      }
      for page in pages {
        try Data(page.text.utf8).write(to: URL(filePath: folder + "/" + page.fileName))
      }
      return .ok
    }
    streams.out(try page(arguments.operands.first).text)
    return .ok
  }

  static var pages: [ManualPage] {
    ManualPage.all(
      of: Subcommands.set, version: Version.current, seeAlso: ["dptop", "dpdeployd", "dpingress", "dpengine"])
  }

  private static func page(_ command: String?) throws(UsageError) -> ManualPage {
    guard let command else { return pages[0] }
    guard case .command(let place, _) = try Subcommands.set.choose([command]) else { return pages[0] }
    return pages[place + 1]
  }
}

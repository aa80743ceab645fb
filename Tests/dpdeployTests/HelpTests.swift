import CommandLine
import FoundationEssentials
import Testing

@testable import dpdeploy

@Suite struct `The help` {
  @Test func `of the tool reads as agreed`() throws {
    try Golden.expect(Subcommands.set.helpText(style: .plain, width: 100), "help/dpdeploy.txt")
  }

  @Test(arguments: Subcommands.all.indices) func `of every command reads as agreed`(place: Int) throws {
    let command = Subcommands.all[place]
    let text = command.description.helpText(style: .plain, width: 100)
    try Golden.expect(text, "help/\(Subcommands.word(of: command)).txt")
  }

  @Test func `is kept of no command that is gone`() throws {
    let kept = try FileManager.default.contentsOfDirectory(atPath: Golden.folder + "/help")
    let commands = Subcommands.all.map { Subcommands.word(of: $0) } + ["dpdeploy"]
    #expect(Set(kept) == Set(commands.map { $0 + ".txt" }))
  }
}

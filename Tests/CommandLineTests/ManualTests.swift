import Testing

@testable import CommandLine

@Suite struct `Manual pages` {
  private static let serve = CommandDescription(
    "tool serve", "Serve `models`.",
    discussion: """
      A paragraph.

        indented -a
      .not a request
      """,
    operands: [OperandDescription("MODE", "How.", 0...1, choices: ["fast"])],
    options: [OptionDescription("port", short: "p", .value("N"), "The port.", fallback: "1")],
    examples: [.init("tool serve 'a\\b'", "")])

  @Test func `say what help says, and nothing that roff would read as its own`() {
    let page = ManualPage(Self.serve, version: "1.0", seeAlso: ["tool"])
    #expect(page.fileName == "tool-serve.1")
    let expected = #"""
      .TH "TOOL\-SERVE" "1" "" "dpdeploy 1.0" "User Commands"
      .SH "NAME"
      tool\-serve \- Serve \fBmodels\fR
      .SH "SYNOPSIS"
      \fBtool serve [OPTIONS] [MODE]\fR
      .SH "DESCRIPTION"
      A paragraph.
      .PP
      .nf
        indented \-a
      .fi
      \&.not a request
      .SH "ARGUMENTS"
      .TP
      \fBMODE\fR
      How. One of fast.
      .SH "OPTIONS"
      .TP
      \fB\-p, \-\-port N\fR
      The port. Default: 1.
      .TP
      \fB\-h, \-\-help\fR
      Show this help.
      .SH "EXAMPLES"
      .TP
      \fBtool serve \(aqa\eb\(aq\fR
      \&
      .SH "SEE ALSO"
      \fBtool\fR(1)

      """#
    #expect(page.text == expected)
  }

  @Test func `of a tool lead to the pages of its commands`() {
    let pages = ManualPage.all(of: CommandSet("tool", "A tool.", commands: [Self.serve]), version: "1.0")
    #expect(pages.map(\.fileName) == ["tool.1", "tool-serve.1"])
    #expect(pages[0].text.contains("\\fBtool\\-serve(1)\\fR\nServe \\fBmodels\\fR.\n"))
    #expect(pages[1].text.contains("\\fBtool\\fR(1)"))
  }
}

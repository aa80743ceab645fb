import CommandLine
import Manifest
import Testing

@Suite struct `Annotations on GitHub` {
  @Test func `name the place and keep what was said in one line`() {
    let diagnostic = Diagnostic(
      .unevenNodes, "6 ranks: 50% wrong", file: "a,b:c.yaml",
      span: SourceSpan(line: 8, column: 23, length: 1),
      note: "first\nsecond", help: "set it")
    #expect(
      GitHubAnnotation.line(diagnostic)
        == "::error file=a%2Cb%3Ac.yaml,line=8,col=23,endColumn=24,title=uneven-nodes::"
        + "6 ranks: 50%25 wrong%0Afirst%0Asecond%0Ahelp: set it")
  }

  @Test func `call a note a notice, and do without a place`() {
    let diagnostic = Diagnostic(.differs, "m", severity: .note)
    #expect(GitHubAnnotation.line(diagnostic) == "::notice title=differs-elsewhere::m")
  }

  @Test func `are wanted where GitHub runs things only`() {
    #expect(GitHubAnnotation.isWanted { $0 == "GITHUB_ACTIONS" ? "true" : nil })
    #expect(!GitHubAnnotation.isWanted { _ in nil })
    #expect(!GitHubAnnotation.isWanted { _ in "false" })
  }
}

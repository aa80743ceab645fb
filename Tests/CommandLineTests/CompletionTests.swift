import Testing

@testable import CommandLine

private let set = CommandSet(
  "tool", "A tool.",
  commands: [
    CommandDescription(
      "tool serve", "Serve.",
      operands: [
        OperandDescription("MODE", "How.", choices: ["fast", "exact"]),
        OperandDescription("MANIFEST", "Files.", 0...2),
      ],
      options: [
        OptionDescription("policy", short: "p", .value("NAME"), "The policy.", choices: ["least", "random"]),
        OptionDescription("rank", .repeated("URL"), "A rank."),
        OptionDescription("cache", .toggle, "Keep prefixes."),
      ]),
    CommandDescription("tool stop", "Stop.", operands: [OperandDescription("NAME", "The application.")]),
    CommandDescription("tool daemon start", "Start it."), CommandDescription("tool daemon stop", "Stop it."),
  ])

/// The words offered for a line whose last word is being typed.
private func offered(_ line: String) -> [String]? {
  let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
  guard case .words(let candidates) = set.completion(of: words) else { return nil }
  return candidates.map(\.word)
}

private func completion(_ line: String) -> Completion {
  set.completion(of: line.split(separator: " ", omittingEmptySubsequences: false).map(String.init))
}

@Suite struct `Completing a line` {
  static let lines: [(line: String, words: [String])] = [
    ("", ["serve", "stop", "daemon", "help", "--help", "--version"]),
    ("s", ["serve", "stop"]),
    ("daemon ", ["start", "stop"]),
    ("help st", ["stop"]),
    ("nonsense ", []),
    ("serve ", ["fast", "exact"]),
    ("serve e", ["exact"]),
    ("serve -", ["--policy", "--rank", "--cache", "--no-cache", "--help"]),
    ("serve --rank x --policy=random --no-cache --", ["--policy", "--rank", "--help"]),
    ("serve --policy ", ["least", "random"]),
    ("serve -p r", ["random"]),
    ("serve --policy=r", ["--policy=random"]),
    ("serve --policy =", ["least", "random"]),
    ("serve --policy = l", ["least"]),
    ("serve --cache = ", []),
    ("serve fast a b ", ["--policy", "--rank", "--cache", "--no-cache", "--help"]),
    ("stop -- x ", []),
  ]

  @Test(arguments: lines) func `offers what may stand there`(line: String, words: [String]) {
    #expect(offered(line) == words)
  }

  @Test func `leaves files to the shell, and other values to those who know them`() {
    #expect(completion("serve fast ma") == .files)
    #expect(completion("serve --policy = least fast ma") == .files)
    #expect(completion("stop de") == .value("NAME", typed: "de", prefix: ""))
    #expect(completion("stop -- -") == .value("NAME", typed: "-", prefix: ""))
    #expect(completion("serve --rank=a") == .value("URL", typed: "a", prefix: "--rank="))
  }

  @Test func `tells what a word means`() {
    #expect(completion("sto") == .words([.init("stop", "Stop.")]))
  }

  @Test(arguments: Shell.allCases) func `comes as a script that names the tool everywhere`(shell: Shell) {
    let script = shell.script(for: "dptool")
    #expect(script.contains("dptool") && !script.contains("TOOL"))
  }
}

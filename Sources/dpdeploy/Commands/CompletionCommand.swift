import CommandLine
import ControlAPI
import ControlClient
import Manifest
import Platform

/// `dpdeploy completion`: the scripts that make shells complete, and the words they ask for.
enum CompletionCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy completion", "Print the script that makes a shell complete dpdeploy.",
    discussion: """
      Commands, options, their values, fields, and the names of what runs are completed. The scripts ask dpdeploy itself: \
      `words` prints what may stand in the place of the last WORD, a word and its meaning a line.
      """,
    operands: [
      OperandDescription("SHELL", "The shell.", choices: Shell.allCases.map(\.rawValue) + ["words"]),
      OperandDescription("WORD", "The command line so far, after `--` (words).", 0...4096),
    ],
    options: [.color],
    examples: [
      .init("source <(dpdeploy completion bash)", "complete in this bash"),
      .init(
        "dpdeploy completion bash > ~/.local/share/bash-completion/completions/dpdeploy",
        "and in every later one"),
      .init("dpdeploy completion zsh > ~/.zfunc/_dpdeploy", "for zsh, in a folder of $fpath"),
      .init("dpdeploy completion fish > ~/.config/fish/completions/dpdeploy.fish", "for fish"),
    ])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    if let shell = Shell(rawValue: arguments.operands[0]) {
      streams.out(shell.script(for: "dpdeploy"))
      return .ok
    }
    switch Subcommands.set.completion(of: Array(arguments.operands.dropFirst())) {
    case .files: streams.line(":files")
    case .words(let candidates): show(candidates, streams)
    case .value(let word, let typed, let prefix):
      guard case .words(let candidates) = Completion.words(await values(word), typed: typed, prefix: prefix)
      else { break }
      show(candidates, streams)
    }
    return .ok
  }

  private static func show(_ candidates: [Completion.Candidate], _ streams: StandardStreams) {
    for candidate in candidates {
      streams.line(candidate.summary.isEmpty ? candidate.word : "\(candidate.word)\t\(candidate.summary)")
    }
  }

  /// The values that help calls by `word`; none when nobody can tell them.
  @Loop
  private static func values(_ word: String) async -> [Completion.Candidate] {
    switch word {
    case "NAME": await applications().map { .init($0.name, $0.status.rawValue) }
    case "REPLICA":
      await applications().flatMap(\.deployments).flatMap(\.replicas).map { .init($0.id, $0.state.rawValue) }
    case "COMMAND": Subcommands.all.map { .init(Subcommands.word(of: $0), $0.description.summary) }
    case "FIELD": ManifestSchema.entries.map { .init($0.field.name, $0.field.summary) }
    default: []
    }
  }

  /// What runs, when a controller can say it; a key press starts none.
  @Loop
  private static func applications() async -> [ApplicationStatus] {
    guard let home = try? HomeDirectory.ofEnvironment() else { return [] }
    return (try? await ControlClient(home: home).status())?.applications ?? []
  }
}

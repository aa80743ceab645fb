import CommandLine
import ControlAPI
import FoundationEssentials
import Platform

/// `dpdeploy diagnose`: what to attach to a question.
enum DiagnoseCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy diagnose", "Pack status, events, logs, manifests and versions into one file to hand on.",
    discussion: """
      What manifests and the environment call secrets is hidden in every file; look through it all the same before it \
      leaves the house. Starts nothing: without a controller, what can be had is packed.
      """,
    operands: [OperandDescription("NAME", "This application only.", 0...1)],
    options: [
      OptionDescription("into", .value("DIR"), "The folder of the file; the present one by default."),
      .color,
    ],
    examples: [.init("dpdeploy diagnose quickstart", "writes dpdeploy-diagnose-TIME.tar.gz")])

  @Loop
  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) async throws -> ExitCode {
    let files = await Evidence(home: try HomeDirectory.ofEnvironment(), application: arguments.operands.first)
      .collect()
    let moment = String(timestamp().filter { $0.isNumber || $0 == "T" })
    let name = "dpdeploy-diagnose-\(moment)"
    let folder = arguments.value("into") ?? "."
    let place = URL(filePath: "\(folder)/\(name)")
    defer { try? FileManager.default.removeItem(at: place) }
    for file in files {
      let path = URL(filePath: "\(folder)/\(name)/\(file.name)")
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.text.utf8).write(to: path)
    }
    let archive = "\(folder)/\(name).tar.gz"
    let tar = try ChildProcess(Command("/usr/bin/env", ["tar", "-czf", archive, "-C", folder, name]))
    guard await tar.exit(until: .after(.seconds(60))) == .exited(0) else {
      streams.complain("tar could not write \(archive)")
      return .failed
    }
    streams.line("wrote \(archive): \(files.count) files")
    return .ok
  }
}

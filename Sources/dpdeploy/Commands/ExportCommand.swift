import CommandLine
import Glibc
import Interchange
import Manifest

/// `dpdeploy export`: the manifest in the form of another system.
enum ExportCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy export", "Render a manifest for vLLM alone, systemd, Compose, Ray Serve or Kubernetes.",
    discussion: """
      The result deploys vLLM, whatever `engine:` the manifest names, and is complete: it runs without dpdeploy. What \
      the target has no place for is said on standard error, line by line, and in the result's first lines. Secrets are \
      never written.

      Exits 0, or 3 when the manifest cannot be used.
      """,
    operands: [OperandDescription("MANIFEST", "The file, or `-` for standard input.")],
    options: [
      OptionDescription(
        "to", .value("TARGET"), "What to render.", choices: ExportTarget.allCases.map(\.rawValue)),
      OptionDescription(
        "output", short: "o", .value("FOLDER"), "Write the files there; left out, to standard output."),
      .errorFormat, .color,
    ],
    examples: [
      .init("dpdeploy export app.yaml --to ray > app.serve.yaml", "A config for `serve deploy`."),
      .init("dpdeploy export app.yaml --to systemd -o units", "A unit for each rank, and the proxy's."),
    ])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) throws -> ExitCode {
    guard let target = ExportTarget(rawValue: try arguments.required("to")) else {
      throw UsageError("--to is missing")
    }
    let format = ErrorFormat(arguments)
    var reading = ManifestFile.readAlone(arguments.operands[0], engine: .vllm)
    let rendition = reading.manifest.map { Rendition(of: $0, as: target) }
    for remark in rendition?.remarks ?? [] { reading = reading.adding(remark.inFile(reading.source.name)) }
    streams.show(reading, format)
    if format == .json { streams.error(DiagnosticJSON.object(reading.diagnostics).json() + "\n") }
    guard let rendition, !reading.hasErrors else { return .forManifest(reading.diagnostics) }
    guard let folder = arguments.value("output") else {
      print(rendition.files, streams)
      return .ok
    }
    for file in rendition.files {
      try OutputFile.write(file.text, to: "\(folder)/\(file.name)", isExecutable: file.isExecutable)
      streams.remark("\(folder)/\(file.name)")
    }
    return .ok
  }

  private static func print(_ files: [Rendition.File], _ streams: StandardStreams) {
    for file in files {
      if files.count > 1 { streams.line("==> \(file.name) <==") }
      streams.out(file.text)
      if files.count > 1, file.name != files.last?.name { streams.line("") }
    }
  }
}

import CommandLine
import Manifest

/// `dpdeploy validate`: says everything that is wrong with manifests, and starts nothing.
enum ValidateCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy validate", "Check manifests without starting anything.",
    discussion: """
      All errors of a file are shown in one run, each with its line and column. Warnings name settings that do \
      nothing on the chosen engine, or not what a guide says of them.

      Exits 0 when every manifest can be used, 3 when one cannot, 4 when all that is wrong is that it does not fit.
      """,
    operands: [OperandDescription("MANIFEST", "Files to check; - reads standard input.", 1...4096)],
    options: [
      .errorFormat,
      OptionDescription("quiet", short: "q", .flag, "Print errors only."),
      OptionDescription("strict", .flag, "Take warnings for errors."),
      .color,
    ],
    examples: [
      .init("dpdeploy validate manifests/*.yaml", "Check all manifests of a folder."),
      .init(
        "dpdeploy validate --error-format json - < app.yaml", "One JSON object, for an editor or a script."),
    ])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) -> ExitCode {
    let format = ErrorFormat(arguments)
    let isQuiet = arguments.flag("quiet")
    var everything: [Diagnostic] = []
    for name in arguments.operands {
      let reading = ManifestFile.read(name)
      everything += reading.diagnostics
      streams.show(reading, format, atLeast: isQuiet ? .error : .note)
      if let manifest = reading.manifest, !isQuiet, format != .json {
        streams.line("\(name): \(streams.outputStyle.green("valid")): \(summary(manifest))")
      }
    }
    if format == .json { streams.line(DiagnosticJSON.object(everything).json()) }
    return .forManifest(everything, strict: arguments.flag("strict"))
  }

  /// "deepseek-v3: 16 ranks on 2 nodes, 64 ingress replicas at 127.0.0.1:8016".
  static func summary(_ manifest: Manifest) -> String {
    func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
    let layout = manifest.parallelism
    let groups = layout.groups == 1 ? "" : "\(layout.groups) groups of "
    let port = manifest.ingress.port == 0 ? "any free port" : String(manifest.ingress.port)
    return "\(manifest.name): \(groups)\(count(layout.size, "rank")) on \(count(layout.nodes, "node")), "
      + "\(count(manifest.ingressReplicas.minimum, "ingress replica")) at \(manifest.ingress.host):\(port)"
  }
}

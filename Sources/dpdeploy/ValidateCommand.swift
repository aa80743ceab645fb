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
      OptionDescription(
        "error-format", .value("FORMAT"),
        "How to print: text for people, short for greps, json for scripts (to standard output).",
        choices: ["text", "short", "json"], fallback: "text"),
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
    let format = ErrorFormat(rawValue: arguments.value("error-format") ?? "") ?? .text
    let least: Diagnostic.Severity = arguments.flag("quiet") ? .error : .note
    var everything: [Diagnostic] = []
    for name in arguments.operands {
      let reading = ManifestFile.read(name)
      let shown = reading.diagnostics.filter { $0.severity >= least }
      everything += shown
      print(shown, reading, format, streams, quiet: arguments.flag("quiet"))
    }
    if format == .json { streams.line(DiagnosticJSON.object(everything).json()) }
    return code(for: everything, strict: arguments.flag("strict"))
  }

  private static func print(
    _ shown: [Diagnostic], _ reading: ManifestReading, _ format: ErrorFormat, _ streams: StandardStreams,
    quiet: Bool
  ) {
    switch format {
    case .json: return
    case .short: streams.error(shown.map { "\($0)\n" }.joined())
    case .text:
      streams.error(DiagnosticRenderer(style: streams.errorStyle, source: reading.source).render(shown))
    }
    guard let manifest = reading.manifest, !quiet else { return }
    streams.line("\(reading.source.name): \(streams.outputStyle.green("valid")): \(summary(manifest))")
  }

  private static func code(for diagnostics: [Diagnostic], strict: Bool) -> ExitCode {
    let bad = diagnostics.filter { $0.severity == .error || strict && $0.severity == .warning }
    guard !bad.isEmpty else { return .ok }
    return bad.allSatisfy { $0.code == .doesNotFit } ? .doesNotFit : .manifest
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

/// How diagnostics are printed.
enum ErrorFormat: String {
  case text, short, json
}

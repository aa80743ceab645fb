import CommandLine
import Interchange
import Manifest

/// `dpdeploy import`: a manifest out of another system's form of a deployment.
enum ImportCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy import",
    "Make a manifest of a Ray Serve config, a Kubernetes resource, llm-d's values or a vLLM command line.",
    discussion: """
      The manifest is written to standard output, for `engine: vllm`. Each line that could not be carried over is named \
      on standard error, with the reason, and in the manifest's first lines. Secrets are not copied.

      Exits 0, or 3 when no manifest that could be used comes of it.
      """,
    operands: [
      OperandDescription("FILE", "The file, `-` for standard input, or after `--` a command line.", 1...4096)
    ],
    options: [.errorFormat, .color],
    examples: [
      .init("dpdeploy import serve.yaml > app.yaml", "A Ray Serve config, or a resource of Kubernetes."),
      .init("dpdeploy import -- vllm serve org/model -dp 16 -dpl 8 > app.yaml", "A command line."),
    ])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) -> ExitCode {
    let words = arguments.operands
    let imported: ImportedManifest
    if words.count > 1 {
      imported = ImportedManifest(ofCommand: words)
    } else {
      switch ManifestFile.source(words[0]) {
      case .failure(let remark):
        streams.show(
          ManifestReading(diagnostics: [remark], source: ManifestSource(name: words[0], text: "")),
          ErrorFormat(arguments))
        return .manifest
      case .success(let source): imported = ImportedManifest(of: source)
      }
    }
    streams.show(
      ManifestReading(diagnostics: imported.remarks, source: imported.source), ErrorFormat(arguments))
    guard let text = imported.text else { return .forManifest(imported.remarks) }
    streams.out(text)
    return .ok
  }
}

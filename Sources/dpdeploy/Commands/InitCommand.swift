import CommandLine
import FoundationEssentials
import Manifest

/// `dpdeploy init`: a manifest to begin with.
enum InitCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy init", "Write a commented manifest to begin with, fit for this machine and a model.",
    discussion: """
      It looks at the cores, the memory and the model's config.json. A file that is there already is left as it is.
      """,
    operands: [
      OperandDescription(
        "FILE", "Where to write it, `-` for standard output; dpdeploy.yaml by default.", 0...1)
    ],
    options: [
      OptionDescription(
        "model", short: "m", .value("DIR"), "A model's folder, or the name of a bundled one.",
        fallback: "operator-moe"),
      OptionDescription("name", .value("NAME"), "The application's name; the model's by default."),
      .color,
    ],
    examples: [
      .init("dpdeploy init && dpdeploy apply dpdeploy.yaml --wait", "from nothing to a model that answers"),
      .init("dpdeploy init --model /models/deepseek-v2-lite lite.yaml", "for a model of yours"),
    ])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) throws -> ExitCode {
    let file = arguments.operands.first ?? "dpdeploy.yaml"
    let source = arguments.value("model") ?? "operator-moe"
    guard let folder = ManifestFile.modelFolder(source, manifestName: file) else {
      streams.complain("no model `\(source)` on this machine: name a folder that holds config.json")
      return .failed
    }
    let modelID = identifier(folder)
    let starter = StarterManifest(
      name: arguments.value("name") ?? modelID, modelID: modelID,
      model: try ModelOutline.read(folder: folder, source: source), machine: .current(),
      schema: ManifestFile.schemaPath ?? "schema/dpdeploy.schema.json")
    let reading = Manifest.read(ManifestSource(name: file, text: starter.text))
    streams.show(reading, .text, atLeast: .warning)
    guard !reading.hasErrors else { return .forManifest(reading.diagnostics) }
    guard file != "-" else {
      streams.out(starter.text)
      return .ok
    }
    return try write(starter.text, to: file, streams)
  }

  /// The last part of a path, in the letters that a name may have.
  private static func identifier(_ folder: String) -> String {
    let last = folder.split(separator: "/").last.map(String.init) ?? "model"
    let letters = last.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    let name = String(letters).split(separator: "-").joined(separator: "-")
    // A word of digits alone would be read as a number.
    return name.first?.isLetter == true ? name : "model-" + name
  }

  private static func write(_ text: String, to file: String, _ streams: StandardStreams) throws -> ExitCode {
    do {
      try Data(text.utf8).write(to: URL(filePath: file), options: .withoutOverwriting)
    } catch let error as CocoaError where error.code == .fileWriteFileExists {
      streams.complain("\(file) is there already and was left as it is; name another file")
      return .conflict
    }
    streams.line("wrote \(file); `dpdeploy apply \(file) --wait` starts it")
    return .ok
  }
}

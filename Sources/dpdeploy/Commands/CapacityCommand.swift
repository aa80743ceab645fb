import CommandLine
import Manifest
import Planning

/// `dpdeploy capacity`: what fits into the memory of a rank.
enum CapacityCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy capacity",
    "Tell what each rank's memory holds: weights, KV cache, and how many sequences.",
    discussion: """
      Computed from the model's config.json and the manifest; nothing is started, and no device is needed. Exits 4 when not \
      even one sequence of max_model_len fits, and says how many ranks it would take. What is not counted is said at the end.
      """,
    operands: [OperandDescription("MANIFEST", "The file, or `-` for standard input.")],
    options: [
      OptionDescription(
        "model", short: "m", .value("PATH"),
        "A config.json or its folder; the manifest's model by default."),
      OptionDescription(
        "accelerator", .value("DEVICE"),
        "Its name (\(Accelerator.names.joined(separator: ", "))) or memory such as 80GiB; the manifest's by default."
      ),
      OptionDescription(
        "reserve", .value("SIZE"), "Set this much aside, such as 6GB.", fallback: "0"),
      OptionDescription("json", .flag, "Print one JSON object."),
      .color,
    ],
    examples: [
      .init(
        "dpdeploy capacity manifests/deepseek-v3-16dp.yaml -m deepseek-v3 --accelerator H200",
        "what 16 ranks on H200 hold")
    ])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) throws -> ExitCode {
    let name = arguments.operands[0]
    let reading = ManifestFile.readAlone(name)
    streams.show(reading, .text, atLeast: .error)
    guard let manifest = reading.manifest else { return .forManifest(reading.diagnostics) }
    let shape = try shape(arguments.value("model"), manifest, name)
    let capacity = try Capacity(
      of: manifest, shape: shape, deviceBytes: try deviceBytes(arguments),
      reservedBytes: try size("reserve", arguments) ?? 0)
    streams.out(
      arguments.flag("json") ? capacity.document.json() + "\n" : capacity.text(streams.outputStyle))
    return capacity.plan.fits(length: capacity.length) ? .ok : .doesNotFit
  }

  /// The shape of the model at `path`, or else of the manifest's.
  private static func shape(_ path: String?, _ manifest: Manifest, _ manifestName: String) throws
    -> ModelShape
  {
    if let path, path.hasSuffix(".json") { return try ModelShape(configFile: path) }
    let source = path ?? manifest.model.source
    guard let folder = ManifestFile.modelFolder(source, manifestName: path == nil ? manifestName : "-") else {
      throw UsageError(
        "no model `\(source)` on this machine",
        help: "--model PATH names its config.json, or the folder of that")
    }
    return try ModelShape(folder: folder)
  }

  private static func deviceBytes(_ arguments: ParsedArguments) throws(UsageError) -> Int? {
    if let bytes = arguments.value("accelerator").flatMap(Accelerator.bytes) { return bytes }
    return try size("accelerator", arguments)
  }

  private static func size(_ option: String, _ arguments: ParsedArguments) throws(UsageError) -> Int? {
    guard let text = arguments.value(option) else { return nil }
    guard let bytes = ByteSize.parse(text) else {
      throw UsageError("--\(option) takes a size such as 80GiB, not `\(text)`")
    }
    return bytes
  }
}

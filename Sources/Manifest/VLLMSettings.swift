/// What `engine: vllm` is told besides the model and the layout.
public struct VLLMSettings: Sendable, Equatable {
  /// The program, as the manifest names it: a path or a name.
  public let executable: String
  /// The version whose flags count; nil takes the installation's.
  public let version: String?
  /// The engine arguments that the file gives, by vLLM's names, in the schema's order; not ``alwaysTold``.
  public let arguments: [Settings.Entry]
  /// Further arguments, as on the command line.
  public let extraArguments: [String]
  /// Who balances over the engines of a group.
  public let balancing: VLLMBalancing
  /// A tokenizer that is not the model's own.
  public let tokenizer: String?

  /// Arguments that vLLM is told of whether or not the file gives them.
  static let alwaysTold: Set = [FieldPath.dataParallelSize, FieldPath.maxNumSeqs]

  init(_ checked: Checker) {
    executable = checked.text(FieldPath.executable) ?? "vllm"
    version = checked.text(FieldPath.engineVersion)
    extraArguments = checked.texts(FieldPath.extraArguments)
    balancing = checked.text(FieldPath.balancing).flatMap(VLLMBalancing.init) ?? .external
    tokenizer = checked.text(FieldPath.tokenizerSource)
    arguments = ManifestSchema.entries.compactMap { entry in
      guard entry.path.hasPrefix(FieldPath.engineArguments + "."), checked.isGiven(entry.path),
        !Self.alwaysTold.contains(entry.path)
      else { return nil }
      return Settings.Entry(
        path: entry.path, value: checked.value(entry.path), span: checked.span(entry.path),
        isSecret: entry.field.isSecret, changeClass: .groupRestart)
    }
  }
}

extension ManifestSchema.Entry {
  /// Whether the field does something on `engine`.
  public func standing(on engine: EngineKind) -> Standing {
    guard engine == .vllm else { return field.bundled }
    if isEngineArgument || Self.onlyForVLLM.contains(path) { return .inEffect }
    return Self.notForVLLM[path].map { .noEffect($0) } ?? field.bundled
  }

  /// What a change of the field costs a deployment of `engine`; nothing while it has no effect.
  public func changeClass(on engine: EngineKind) -> ChangeClass {
    guard engine == .vllm else { return field.changeClass }
    guard standing(on: engine) == .inEffect else { return .none }
    return isEngineArgument || Self.onlyForVLLM.contains(path) ? .groupRestart : field.changeClass
  }

  /// Whether it is an argument of `vllm serve`.
  private var isEngineArgument: Bool { path.hasPrefix(FieldPath.engineArguments + ".") }

  private static let onlyForVLLM: Set<String> = [
    FieldPath.executable, FieldPath.extraArguments, FieldPath.engineVersion, FieldPath.tokenizerSource,
    FieldPath.healthCheckPeriod, FieldPath.healthCheckTimeout, "engine_options.mode",
  ]

  private static let notForVLLM = [
    FieldPath.links: "real links have their own speed",
    FieldPath.acceleratorMemory: "real devices have their own memory",
    FieldPath.adapterFolder: "vLLM is told of adapters by `lora_modules`",
    FieldPath.adaptersHeld: "vLLM is told of adapters by `lora_modules`",
  ]
}

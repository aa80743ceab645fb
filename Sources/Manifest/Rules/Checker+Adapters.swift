extension Checker {
  /// Whether clients may ask for adapters.
  var servesAdapters: Bool { flag(FieldPath.enableLoRA) ?? isGiven(FieldPath.adapterFolder) }

  /// Adapters come from a folder, and only where they are wanted.
  mutating func checkAdapters() {
    guard engine == .bundled else { return }
    if !servesAdapters, isGiven(FieldPath.adapterFolder) {
      diagnostics.report(
        .conflict, "`dynamic_lora_loading_path` needs `enable_lora`", at: span(FieldPath.adapterFolder),
        note: mention(FieldPath.enableLoRA), help: "remove `enable_lora`, or `lora_config`")
    }
    if servesAdapters, !isGiven(FieldPath.adapterFolder) {
      diagnostics.report(
        .conflict, "`enable_lora` needs a folder of adapters", at: span(FieldPath.enableLoRA),
        help: "name it in `llm_config.lora_config.dynamic_lora_loading_path`")
    }
    if let folder = text(FieldPath.adapterFolder), folder.contains("://") {
      diagnostics.report(
        .badValue, "adapters are read from a folder on this machine, not from `\(folder)`",
        at: span(FieldPath.adapterFolder),
        help: "copy them to a folder, each into one of its own, and name that folder")
    }
    if !servesAdapters, isGiven(FieldPath.maxLoRAs) || isGiven(FieldPath.maxLoRARank) {
      let path = isGiven(FieldPath.maxLoRAs) ? FieldPath.maxLoRAs : FieldPath.maxLoRARank
      let name = path.split(separator: ".").last.map(String.init) ?? path
      diagnostics.report(
        .noEffect, "`\(name)` has no effect without adapters", at: span(path),
        help: "name their folder in `llm_config.lora_config.dynamic_lora_loading_path`, or remove `\(name)`")
    }
  }
}

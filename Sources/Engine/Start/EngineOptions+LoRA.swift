// Adapters, in vLLM's words where it has some.
extension EngineOptions {
  /// Sets an option of adapters; false for any other.
  mutating func setLoRA(_ option: inout OptionReader) throws(EngineError) -> Bool {
    switch option.name {
    case "--enable-lora": enableLoRA = try option.flag()
    case "--lora-modules": try addLoRAModule(try option.text())
    case "--max-loras": maxLoRAs = try option.count(1...1024)
    case "--max-lora-rank": maxLoRARank = try option.count(1...1024)
    case "--lora-folder": loraFolder = try option.text()
    default: return false
    }
    return true
  }

  /// Adds an adapter written `name=path`.
  mutating func addLoRAModule(_ text: String) throws(EngineError) {
    let sides = text.split(separator: "=", maxSplits: 1)
    guard sides.count == 2 else { throw .usage("--lora-modules must be name=path, not '\(text)'") }
    guard loraModules.updateValue(String(sides[1]), forKey: String(sides[0])) == nil else {
      throw .usage("--lora-modules names \(sides[0]) twice")
    }
  }

  /// What cannot be together.
  func checkLoRA() throws(EngineError) {
    guard enableLoRA || (loraModules.isEmpty && loraFolder == nil) else {
      throw .usage("--lora-modules and --lora-folder need --enable-lora")
    }
    if loraModules[modelName] != nil {
      throw .usage("--lora-modules must not name an adapter \(modelName), like the model itself")
    }
  }
}

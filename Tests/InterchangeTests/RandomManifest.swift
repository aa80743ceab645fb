import Manifest
import Randomness

/// Manifests of any fields of some sections, with any values that the schema allows.
struct RandomManifest {
  private var dice: SplitMix

  /// Whether fields that take any value are left out.
  private let onlyTyped: Bool

  init(seed: UInt64, onlyTyped: Bool = false) {
    dice = SplitMix(seed: seed)
    self.onlyTyped = onlyTyped
  }

  /// The text of a manifest; fields that need others may still be refused by the reader.
  mutating func text() -> String {
    let size = [1, 2, 4, 8].randomElement(using: &dice) ?? 1
    var root: [Value.Member] = [
      .init("name", .text("app")),
      .init(
        "llm_config",
        section("llm_config").merged([
          .init(
            "model_loading_config", .map([.init("model_id", .text("moe")), .init("model_source", word())])),
          .init(
            "engine_kwargs",
            section("llm_config.engine_kwargs").merged([.init("data_parallel_size", .integer(size))])),
        ])),
      .init("ingress_deployment_config", section("ingress_deployment_config")),
    ]
    if Bool.random(using: &dice) {
      root.append(.init("ingress", .map([.init("host", .text("0.0.0.0")), .init("port", .integer(8123))])))
    }
    return Value.map(root).json(indent: 2)
  }

  private mutating func section(_ path: String) -> Value {
    let fields = ManifestSchema.entry(at: path)?.field.children ?? []
    var members: [Value.Member] = []
    for field in fields where Int.random(in: 0..<6, using: &dice) == 0 {
      if let value = value(field, "\(path).\(field.name)") { members.append(.init(field.name, value)) }
    }
    return .map(members)
  }

  private mutating func value(_ field: Field, _ path: String) -> Value? {
    switch field.kind {
    case .boolean: return .boolean(Bool.random(using: &dice))
    case .integer(let range), .humanInteger(let range, _):
      return .integer(Int.random(in: max(1, range.lowerBound)...min(64, range.upperBound), using: &dice))
    case .number(let range, _):
      let top = min(range.upperBound, 100)
      return .number((Double.random(in: range.lowerBound...top, using: &dice) * 8).rounded(.up) / 8)
    case .size: return .integer(Int.random(in: 1...64, using: &dice) << 20)
    case .text: return word()
    case .choice(let words, _): return words.randomElement(using: &dice).map { .text($0) }
    case .texts: return .list([word(), word()])
    case .variables: return .map([.init("NCCL_DEBUG", word()), .init("FREE", .text("1e3"))])
    case .anything where onlyTyped: return nil
    case .anything:
      return .map([.init("a", .list([word(), .integer(3), .null])), .init("b b", .boolean(true))])
    case .section: return section(path)
    case .refused: return nil
    }
  }

  private mutating func word() -> Value {
    let words = [
      "plain", "1e3", "no", "", "a: b", "tab\there", "quote\"'\\", "#x", "-", "ü", "012", "~", "two words",
    ]
    return .text(words.filter { !$0.isEmpty }.randomElement(using: &dice) ?? "plain")
  }
}

extension Value {
  /// This map with further members in the place of those of the same keys.
  fileprivate func merged(_ members: [Member]) -> Value {
    guard case .map(let own) = self else { return .map(members) }
    return .map(own.filter { mine in !members.contains { $0.key == mine.key } } + members)
  }
}

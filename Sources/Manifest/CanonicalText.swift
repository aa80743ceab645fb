extension Manifest {
  /// Whether secrets stand in a text in clear.
  public enum SecretHandling: Sendable {
    /// Each is replaced by ``Settings/redacted``: for eyes, logs and plain storage.
    case redacted
    /// In clear: only for a private socket or a file of mode 0600.
    case included
  }

  /// The manifest in one fixed form: JSON, every field in effect in the schema's order, so that equal manifests have
  /// equal texts.
  ///
  /// It is YAML too: ``read(_:)`` reads it back to an equal manifest (secrets included). Fields left to the engine
  /// are absent. What has no effect is kept.
  public func canonicalText(secrets: SecretHandling = .redacted, indent: Int? = nil) -> String {
    Self.tree(ManifestSchema.root, "", settings, secrets).json(indent: indent)
  }

  private static func tree(
    _ fields: [Field], _ prefix: String, _ settings: Settings, _ secrets: SecretHandling
  ) -> Value {
    .map(
      fields.compactMap { field in
        let value = value(field, prefix + field.name, settings, secrets)
        return value == .null || value == .map([]) ? nil : Value.Member(field.name, value)
      })
  }

  private static func value(
    _ field: Field, _ path: String, _ settings: Settings, _ secrets: SecretHandling
  ) -> Value {
    func clear(_ entry: Settings.Entry) -> Value {
      entry.isSecret && secrets == .redacted && entry.value != .null ? .text(Settings.redacted) : entry.value
    }
    switch field.kind {
    case .section(let fields): return tree(fields, path + ".", settings, secrets)
    case .variables:
      let variables = settings.entries.filter { $0.path.hasPrefix(path + ".") }
      return .map(
        variables.map { entry in
          let name = String(entry.path.dropFirst(path.count + 1))
          guard entry.isSecret, !SecretNames.matches(name) else { return Value.Member(name, clear(entry)) }
          return Value.Member(name, .map([.init("value", clear(entry)), .init("secret", .boolean(true))]))
        })
    default: return settings[path].map(clear) ?? .null
    }
  }
}

extension Manifest {
  /// The values that ``canonicalText(secrets:indent:)`` hides, by path: for a file of mode 0600 apart from the rest.
  public var secrets: [String: String] {
    var secrets: [String: String] = [:]
    for entry in settings.entries where entry.isSecret {
      if case .text(let value) = entry.value { secrets[entry.path] = value }
    }
    return secrets
  }
}

extension SchemaReader {
  /// Puts kept secrets back where the text says ``Settings/redacted``.
  mutating func restore(_ secrets: [String: String]) {
    guard !secrets.isEmpty else { return }
    for (path, read) in values {
      if case .map(let members) = read.value, path == FieldPath.variables {
        store(
          path, read,
          .map(members.map { Value.Member($0.key, restored($0.value, path + "." + $0.key, secrets)) }))
      } else {
        store(path, read, restored(read.value, path, secrets))
      }
    }
  }

  private func restored(_ value: Value, _ path: String, _ secrets: [String: String]) -> Value {
    guard value == .text(Settings.redacted), let secret = secrets[path] else { return value }
    return .text(secret)
  }
}

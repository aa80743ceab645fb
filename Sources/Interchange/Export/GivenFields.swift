import Manifest

/// What a manifest's file gives, in the file's shape; secrets are left out.
enum GivenFields {
  /// The fields of a section, in the schema's order; an empty map when it gives none.
  static func of(_ section: String, in manifest: Manifest, except left: Set<String> = []) -> Value {
    let fields = ManifestSchema.entry(at: section)?.field.children ?? []
    return .map(
      fields.compactMap { field in
        let path = "\(section).\(field.name)"
        guard !left.contains(path), let value = value(of: field, path, manifest, left) else { return nil }
        return Value.Member(field.name, value)
      })
  }

  private static func value(of field: Field, _ path: String, _ manifest: Manifest, _ left: Set<String>)
    -> Value?
  {
    switch field.kind {
    case .section:
      let value = of(path, in: manifest, except: left)
      return value == .map([]) ? nil : value
    case .variables:
      let plain = manifest.environment.filter { !$0.isSecret }
      return plain.isEmpty ? nil : .map(plain.map { Value.Member($0.name, .text($0.value)) })
    default:
      guard let entry = manifest.settings[path], entry.span != nil, entry.value != .null, !entry.isSecret
      else {
        return nil
      }
      return entry.value
    }
  }
}

extension Manifest {
  /// What the file gives of a section, in the file's shape and the schema's order; an empty map when it gives nothing.
  ///
  /// - Parameters:
  ///   - section: the section's path, such as `llm_config`.
  ///   - left: paths of fields that are left out.
  ///   - withSecrets: whether secrets are there in clear; otherwise they are left out.
  public func given(in section: String, except left: Set<String> = [], withSecrets: Bool) -> Value {
    let fields = ManifestSchema.entry(at: section)?.field.children ?? []
    return .map(
      fields.compactMap { field in
        let path = "\(section).\(field.name)"
        guard !left.contains(path), let value = value(of: field, path, left, withSecrets) else { return nil }
        return Value.Member(field.name, value)
      })
  }

  private func value(of field: Field, _ path: String, _ left: Set<String>, _ withSecrets: Bool) -> Value? {
    switch field.kind {
    case .section:
      let value = given(in: path, except: left, withSecrets: withSecrets)
      return value == .map([]) ? nil : value
    case .variables:
      let shown = environment.filter { withSecrets || !$0.isSecret }
      return shown.isEmpty ? nil : .map(shown.map { Value.Member($0.name, .text($0.value)) })
    default:
      guard let entry = settings[path], entry.span != nil, entry.value != .null,
        withSecrets || !entry.isSecret
      else { return nil }
      return entry.value
    }
  }
}

extension Value {
  /// This map with `value` put at the end of `path`, the maps on the way made where they are missing.
  package func adding(_ value: Value, at path: some Collection<String>) -> Value {
    guard let name = path.first else { return value }
    var members: [Member] = []
    if case .map(let present) = self { members = present }
    if let place = members.firstIndex(where: { $0.key == name }) {
      members[place] = Member(name, members[place].value.adding(value, at: path.dropFirst()))
    } else {
      members.append(Member(name, Value.map([]).adding(value, at: path.dropFirst())))
    }
    return .map(members)
  }
}

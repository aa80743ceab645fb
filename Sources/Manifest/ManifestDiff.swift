/// One field that two manifests disagree on.
public struct FieldChange: Sendable, Equatable {
  /// The field's path.
  public let path: String
  /// The value it had, as text; secrets are hidden, nil means unset.
  public let old: String?
  /// The value it gets, as text; secrets are hidden, nil means unset.
  public let new: String?
  /// What the change costs.
  public let changeClass: ChangeClass
  /// Where the new manifest writes it; nil for a default or a removal.
  public let span: SourceSpan?
}

extension Manifest {
  /// The fields in effect that differ, in the schema's order; spelling out a default is no difference.
  public static func diff(_ old: Manifest, _ new: Manifest) -> [FieldChange] {
    let added = new.settings.entries.filter { old.settings[$0.path] == nil }
    let kept = old.settings.entries.compactMap { before -> FieldChange? in
      let after = new.settings[before.path]
      guard after?.value ?? .null != before.value else { return nil }
      return change(before, after, before.changeClass)
    }
    return kept + added.map { change(nil, $0, $0.changeClass) }
  }

  private static func change(_ old: Settings.Entry?, _ new: Settings.Entry?, _ cost: ChangeClass)
    -> FieldChange
  {
    let hides = old?.isSecret ?? false || new?.isSecret ?? false
    return FieldChange(
      path: old?.path ?? new?.path ?? "", old: shown(old, hides), new: shown(new, hides), changeClass: cost,
      span: new?.span)
  }

  private static func shown(_ entry: Settings.Entry?, _ hides: Bool) -> String? {
    guard let entry, entry.value != .null else { return nil }
    return hides ? Settings.redacted : entry.value.json()
  }
}

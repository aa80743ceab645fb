/// A new value for one field of a manifest's text.
public struct FieldEdit: Sendable, Hashable {
  /// The field's path, such as `llm_config.engine_kwargs.max_num_seqs`.
  public let path: String
  /// The value, as YAML in one line.
  public let value: String

  /// Asks for a value.
  public init(_ path: String, _ value: String) {
    self.path = path
    self.value = value
  }

  var keys: [String] { path.split(separator: ".").map(String.init) }
}

/// Why a text was not changed.
public enum ManifestEditError: Error, Sendable, CustomStringConvertible {
  /// The text is no manifest, or would be none; the reading says why.
  case refused(ManifestReading)
  /// The value stands over several lines, or is a mapping or a list.
  case notAScalar(FieldEdit, SourceSpan)
  /// The place is shared, by an alias for example: other fields would change, too.
  case wouldChangeMore(FieldEdit, others: [String])

  /// What is wrong, and what to do.
  public var description: String {
    switch self {
    case .refused(let reading):
      reading.diagnostics.first { $0.severity == .error }.map { "\($0)" } ?? "the manifest cannot be read"
    case .notAScalar(let edit, let span):
      "line \(span.line): \(edit.path) is not a value in one line; write `\(edit.value)` by hand"
    case .wouldChangeMore(let edit, let others):
      "setting \(edit.path) to \(edit.value) would change \(others.joined(separator: ", ")), too; edit it by hand"
    }
  }
}

extension ManifestSource {
  /// The text with other values of some fields, all else as it was, comments included.
  ///
  /// The result was read: it is a valid manifest, and no other field that the file writes has changed.
  public func setting(_ edits: [FieldEdit]) throws(ManifestEditError) -> ManifestSource {
    let before = Manifest.read(self)
    var result = self
    for edit in edits { result = try FieldPlace(edit, in: result).edited() }
    let after = Manifest.read(result)
    guard let manifest = after.manifest else { throw .refused(after) }
    guard let former = before.manifest else { return result }
    let changed = Manifest.diff(former, manifest).filter { $0.span != nil }.map(\.path)
    for edit in edits {
      let others = changed.filter { path in
        !edits.contains { $0.path == path || $0.path.hasPrefix(path + ".") }
      }
      guard others.isEmpty else { throw .wouldChangeMore(edit, others: others) }
    }
    return result
  }

  /// What differs between two texts, a line each, `- ` before what goes and `+ ` before what comes; secrets are hidden.
  public func lineChanges(to new: ManifestSource) -> [String] {
    let (old, new) = (lines.map(String.init), new.lines.map(String.init))
    return new.difference(from: old).map { change in
      switch change {
      case .remove(let offset, let line, _): (offset, "- " + SecretMask.masking(Substring(line)))
      case .insert(let offset, let line, _): (offset, "+ " + SecretMask.masking(Substring(line)))
      }
    }.sorted { ($0.0, $1.1) < ($1.0, $0.1) }.map(\.1)
  }
}

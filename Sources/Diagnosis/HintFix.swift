public import ControlAPI
public import Manifest

/// The change that a hint proposes, on its way into a manifest's text.
public struct HintFix: Sendable, Hashable {
  /// The hint's id, such as `H07`.
  public let hint: String
  /// The fields to set, the proposed one first.
  public let edits: [FieldEdit]

  /// Takes what a hint proposes; nil when it proposes no value, and only its advice helps.
  public init?(_ hint: Hint) {
    guard let field = hint.field, let value = hint.value else { return nil }
    self.hint = hint.id
    edits = [FieldEdit(field, value)] + (hint.alongside ?? []).map { FieldEdit($0.field, $0.value) }
  }

  /// The fields that it sets, by their paths.
  public var fields: [String] { edits.map(\.path) }

  /// The text with the change in it, all else as it was.
  public func carriedOut(in source: ManifestSource) throws(ManifestEditError) -> ManifestSource {
    try source.setting(edits)
  }
}

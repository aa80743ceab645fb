/// A node of the file, with the place it was written at.
///
/// Types are settled later, by the schema.
package struct YAMLNode: Sendable {
  package enum Content: Sendable {
    /// Text; plain scalars may still turn out to be numbers, flags or null.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([Member])
  }

  /// A key with its value.
  package struct Member: Sendable {
    package let key: String
    package let keySpan: SourceSpan
    package let value: YAMLNode

    package init(key: String, keySpan: SourceSpan, value: YAMLNode) {
      self.key = key
      self.keySpan = keySpan
      self.value = value
    }
  }

  package let content: Content
  package let span: SourceSpan
  /// Nodes in this subtree with aliases expanded.
  package let weight: Int

  package init(content: Content, span: SourceSpan, weight: Int) {
    self.content = content
    self.span = span
    self.weight = weight
  }

  /// What the node is, in words for messages.
  var kind: String {
    switch content {
    case .scalar(let text, let isPlain): isPlain ? PlainScalar(text).kind : "a string"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// The value of a key, nil where this is no mapping or has no such key.
  package subscript(key: String) -> YAMLNode? {
    guard case .mapping(let members) = content else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// This mapping with a word as the value of `key`, in the place of what it has there; anything else is left as it is.
  func setting(_ word: String, at key: String) -> YAMLNode {
    guard case .mapping(let members) = content else { return self }
    let value = YAMLNode(content: .scalar(word, isPlain: false), span: self[key]?.span ?? span, weight: 1)
    let set = Member(key: key, keySpan: members.first { $0.key == key }?.keySpan ?? span, value: value)
    return YAMLNode(
      content: .mapping(members.filter { $0.key != key } + [set]), span: span, weight: weight + 2)
  }

  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return PlainScalar(text) == .null
  }
}

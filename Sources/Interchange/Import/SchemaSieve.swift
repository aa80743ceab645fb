import Manifest

/// Keeps of a draft what a manifest has a field for, and says of each other line why it is not kept.
struct SchemaSieve {
  private var diagnostics: DiagnosticList

  /// The draft without what no manifest can hold, and without secrets: those are not copied from file to file.
  static func sift(_ draft: Draft) -> Draft {
    var sieve = SchemaSieve(diagnostics: draft.diagnostics)
    let root = sieve.sift(draft.root, ManifestSchema.root, "")
    return Draft(root, sieve.diagnostics)
  }

  private mutating func sift(_ node: YAMLNode, _ fields: [Field], _ prefix: String) -> YAMLNode {
    guard case .mapping(let members) = node.content else { return node }
    let kept = members.compactMap { member -> YAMLNode.Member? in
      guard let field = fields.first(where: { $0.name == member.key }) else {
        leaveOut(member, prefix, "a manifest has no such field", help: nil)
        return nil
      }
      return sift(member, field, prefix + member.key)
    }
    return YAMLNode(content: .mapping(kept), span: node.span, weight: node.weight)
  }

  private mutating func sift(_ member: YAMLNode.Member, _ field: Field, _ path: String) -> YAMLNode.Member? {
    let prefix = String(path.dropLast(member.key.count))
    switch field.kind {
    case .refused(_, let instead):
      leaveOut(member, prefix, instead, help: nil)
      return nil
    case .section(let fields):
      let value = sift(member.value, fields, path + ".")
      return YAMLNode.Member(key: member.key, keySpan: member.keySpan, value: value)
    case .variables:
      return withoutSecrets(member, path)
    default:
      guard !field.isSecret else {
        leaveOut(member, prefix, "it is a secret", help: "write it yourself")
        return nil
      }
      return member
    }
  }

  private mutating func withoutSecrets(_ member: YAMLNode.Member, _ path: String) -> YAMLNode.Member {
    guard case .mapping(let variables) = member.value.content else { return member }
    let kept = variables.filter { variable in
      guard SecretNames.matches(variable.key) || variable.value["secret"] != nil else { return true }
      leaveOut(variable, path + ".", "it is a secret", help: "write it yourself")
      return false
    }
    let value = YAMLNode(content: .mapping(kept), span: member.value.span, weight: member.value.weight)
    return YAMLNode.Member(key: member.key, keySpan: member.keySpan, value: value)
  }

  private mutating func leaveOut(
    _ member: YAMLNode.Member, _ prefix: String, _ why: String, help: String?
  ) {
    diagnostics.report(
      .notCarried, "`\(prefix)\(member.key)` is not carried over: \(why)", at: member.keySpan, help: help)
  }
}

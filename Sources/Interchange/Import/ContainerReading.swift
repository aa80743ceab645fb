import Manifest

/// Reads a Kubernetes container that runs `vllm serve`.
struct ContainerReading {
  private var draft: Draft

  static func read(_ container: YAMLNode, into draft: Draft) -> Draft {
    var reading = ContainerReading(draft: draft)
    for member in container.members { reading.read(member) }
    reading.readWords(container)
    return reading.draft
  }

  private mutating func read(_ member: YAMLNode.Member) {
    switch member.key {
    case "name", "command", "args", "modelCommand": break
    case "env": for variable in member.value.items { readVariable(variable) }
    default:
      draft.leaveOut("`\(member.key)` of the container", "a manifest has no such part", at: member.keySpan)
    }
  }

  private mutating func readVariable(_ node: YAMLNode) {
    guard let name = node["name"]?.text else { return }
    if let value = node["value"]?.text {
      draft.set(variable: name, value, at: node["name"]?.span ?? node.span)
    } else {
      draft.leaveOut("`\(name)`", "its value is elsewhere in the cluster", at: node.span)
    }
  }

  /// The words of the command: a list of arguments, or a script in which `vllm serve` stands.
  private mutating func readWords(_ container: YAMLNode) {
    let items = ["command", "args"].flatMap { container[$0]?.items ?? [] }
    let words = items.flatMap { item -> [SpannedWord] in
      guard let text = item.text else { return [] }
      guard text.contains("\n") || text.contains("vllm serve ") else {
        return [SpannedWord(text: text, span: item.span)]
      }
      return ShellWords.of(text, line: item.span.line + 1, column: 1)
    }
    if let program = words.firstIndex(where: { $0.text == "serve" || $0.text.hasSuffix(".api_server") }) {
      draft = ServeWords.read(flags: Array(words[(program + 1)...]), into: draft)
    } else {
      draft = ServeWords.read(flags: words, into: draft)
    }
  }
}

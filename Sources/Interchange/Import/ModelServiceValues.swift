import Manifest

/// Values of llm-d's `modelservice` Helm chart, of which the decode ranks become the manifest's.
struct ModelServiceValues {
  private var draft: Draft

  static func isOne(_ root: YAMLNode) -> Bool {
    root["modelArtifacts"] != nil || root["decode"]?["parallelism"] != nil
  }

  static func draft(from root: YAMLNode, _ diagnostics: DiagnosticList) -> Draft {
    var values = ModelServiceValues(draft: Draft(file: diagnostics.file))
    values.draft.diagnostics = diagnostics
    for member in root.members { values.read(member) }
    return values.draft
  }

  private mutating func read(_ member: YAMLNode.Member) {
    switch member.key {
    case "modelArtifacts": readModel(member.value)
    case "routing": readPort(member.value)
    case "decode": readDecode(member.value)
    case "multinode": break
    case "prefill":
      draft.leaveOut("`prefill`", "prefill and decode are one group here", at: member.keySpan)
    default: draft.leaveOut("`\(member.key)`", "a manifest has no such part", at: member.keySpan)
    }
  }

  private mutating func readModel(_ node: YAMLNode) {
    for member in node.members {
      let value = member.value
      switch member.key {
      case "name": if let name = value.text { draft.set(FieldPath.modelID, text: name, at: value.span) }
      case "uri": readURI(value)
      default: leaveOut(member, in: "modelArtifacts")
      }
    }
  }

  private mutating func readURI(_ node: YAMLNode) {
    guard let uri = node.text, let mark = uri.firstRange(of: "://"), !uri.contains("{{") else {
      return draft.leaveOut("`uri`", "it names no model", at: node.span, help: "write `model_source`")
    }
    let rest = uri[mark.upperBound...]
    switch uri[..<mark.lowerBound] {
    case "hf": draft.set(FieldPath.modelSource, text: String(rest), at: node.span)
    case "pvc":
      let path = rest.drop { $0 != "/" }
      draft.set(FieldPath.modelSource, text: path.isEmpty ? "/" : String(path), at: node.span)
      draft.leaveOut(
        "the claim `\(rest.prefix { $0 != "/" })`", "a manifest mounts nothing", at: node.span,
        help: "`model_source` must be the folder where the model lies on this machine")
    default: draft.leaveOut("`\(uri)`", "it is neither on Hugging Face nor a folder", at: node.span)
    }
  }

  private mutating func readPort(_ node: YAMLNode) {
    for member in node.members {
      if member.key == "servicePort" {
        draft.set(FieldPath.port, member.value, keySpan: member.keySpan)
      } else {
        leaveOut(member, in: "routing")
      }
    }
  }

  private mutating func readDecode(_ node: YAMLNode) {
    for member in node.members {
      switch member.key {
      case "create": break
      case "replicas": draft.set(FieldPath.groups, member.value, keySpan: member.keySpan)
      case "parallelism": readParallelism(member.value)
      case "containers":
        for (place, container) in member.value.items.enumerated() {
          guard place == 0 else {
            draft.leaveOut("a further container", "a rank is one program", at: container.span)
            continue
          }
          draft = ContainerReading.read(container, into: draft)
        }
      default: leaveOut(member, in: "decode")
      }
    }
  }

  private mutating func readParallelism(_ node: YAMLNode) {
    let places = [
      "data": FieldPath.dataParallelSize, "dataLocal": FieldPath.sizePerNode,
      "tensor": "\(FieldPath.engineArguments).tensor_parallel_size",
    ]
    for member in node.members {
      if let path = places[member.key] {
        draft.set(path, member.value, keySpan: member.keySpan)
      } else if member.key != "workers" {
        leaveOut(member, in: "decode.parallelism")
      }
    }
  }

  private mutating func leaveOut(_ member: YAMLNode.Member, in section: String) {
    draft.leaveOut("`\(section).\(member.key)`", "a manifest has no such part", at: member.keySpan)
  }
}

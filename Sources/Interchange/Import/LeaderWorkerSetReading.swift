import Manifest

/// A LeaderWorkerSet of vLLM, of which a replica is a group and a pod is a node's block of ranks.
struct LeaderWorkerSetReading {
  private var draft: Draft

  static func isOne(_ root: YAMLNode) -> Bool { root["kind"]?.text == "LeaderWorkerSet" }

  static func draft(from root: YAMLNode, _ diagnostics: DiagnosticList) -> Draft {
    var reading = LeaderWorkerSetReading(draft: Draft(file: diagnostics.file))
    reading.draft.diagnostics = diagnostics
    if let name = root["metadata"]?["name"], let text = name.text {
      reading.draft.set("name", text: text, at: name.span)
    }
    for member in root["spec"]?.members ?? [] { reading.read(member) }
    reading.readSize(root["spec"])
    return reading.draft
  }

  private mutating func read(_ member: YAMLNode.Member) {
    switch member.key {
    case "replicas": draft.set(FieldPath.groups, member.value, keySpan: member.keySpan)
    case "leaderWorkerTemplate": readTemplate(member.value)
    default: leaveOut(member, in: "spec")
    }
  }

  /// The leader's pod tells what all ranks run where it has a template of its own.
  private mutating func readTemplate(_ node: YAMLNode) {
    let hasLeader = node["leaderTemplate"] != nil
    for member in node.members {
      switch member.key {
      case "size", "restartPolicy": break
      case "leaderTemplate": readPod(member.value["spec"])
      case "workerTemplate" where hasLeader:
        draft.leaveOut("`workerTemplate`", "all ranks run what the leader does", at: member.keySpan)
      case "workerTemplate": readPod(member.value["spec"])
      default: leaveOut(member, in: "spec.leaderWorkerTemplate")
      }
    }
  }

  private mutating func readPod(_ spec: YAMLNode?) {
    for member in spec?.members ?? [] {
      guard member.key == "containers" else {
        leaveOut(member, in: "spec")
        continue
      }
      for (place, container) in member.value.items.enumerated() {
        guard place == 0 else {
          draft.leaveOut("a further container", "a rank is one program", at: container.span)
          continue
        }
        draft = ContainerReading.read(container, into: draft)
        readDevices(container)
      }
    }
  }

  private mutating func readDevices(_ container: YAMLNode) {
    guard let devices = container["resources"]?["limits"]?["nvidia.com/gpu"],
      let count = devices.text.flatMap(Int.init)
    else { return }
    let perRank = number("\(FieldPath.engineArguments).tensor_parallel_size") ?? 1
    draft.set(FieldPath.devices, plain: "\(max(1, count / max(1, perRank)))", at: devices.span)
  }

  /// Pods of a group, over which its ranks are spread evenly, each pod on a node.
  private mutating func readSize(_ spec: YAMLNode?) {
    guard let size = spec?["leaderWorkerTemplate"]?["size"], let pods = size.text.flatMap(Int.init), pods > 0
    else { return }
    let ranks = number(FieldPath.dataParallelSize) ?? 1
    if number(FieldPath.sizePerNode) == nil, ranks.isMultiple(of: pods) {
      draft.set(FieldPath.sizePerNode, plain: "\(ranks / pods)", at: size.span)
    }
    draft.set(FieldPath.nodes, plain: "\(pods * (number(FieldPath.groups) ?? 1))", at: size.span)
  }

  private func number(_ path: String) -> Int? { draft[path]?.text.flatMap(Int.init) }

  private mutating func leaveOut(_ member: YAMLNode.Member, in section: String) {
    draft.leaveOut("`\(section).\(member.key)`", "a manifest has no such part", at: member.keySpan)
  }
}

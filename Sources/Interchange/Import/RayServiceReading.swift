import Manifest

/// A KubeRay RayService: the Serve config in it, and how large its nodes are.
struct RayServiceReading {
  private var draft: Draft

  static func isOne(_ root: YAMLNode) -> Bool { root["kind"]?.text == "RayService" }

  /// - Returns: nil when it holds no Serve config that could be read, which is said.
  static func draft(from root: YAMLNode, _ source: ManifestSource, _ diagnostics: inout DiagnosticList)
    -> Draft?
  {
    guard let node = root["spec"]?["serveConfigV2"], let text = node.text else {
      diagnostics.report(
        .missingField, "the RayService has no `spec.serveConfigV2`", at: root["spec"]?.span ?? root.span)
      return nil
    }
    guard let config = nested(text, at: node.span, in: source, &diagnostics),
      let manifest = RayServeConfig.manifest(from: config, &diagnostics)
    else { return nil }
    var reading = RayServiceReading(draft: Draft(manifest, diagnostics))
    for member in root["spec"]?.members ?? [] { reading.read(member) }
    diagnostics = reading.draft.diagnostics
    return reading.draft
  }

  /// A block's lines stand below the mark that opens it, further in.
  private static func nested(
    _ text: String, at span: SourceSpan, in source: ManifestSource, _ diagnostics: inout DiagnosticList
  ) -> YAMLNode? {
    var found = DiagnosticList(file: diagnostics.file)
    let node = YAMLComposer.compose(ManifestSource(name: found.file, text: text), &found)
    let lines = source.lines
    let indent = lines.indices.contains(span.line) ? lines[span.line].prefix { $0 == " " }.count : 0
    func place(_ inner: SourceSpan) -> SourceSpan {
      SourceSpan(line: span.line + inner.line, column: inner.column + indent, length: inner.length)
    }
    for remark in found.all {
      diagnostics.report(
        remark.code, remark.message, at: remark.span.map(place) ?? span, note: remark.note,
        help: remark.help, severity: remark.severity)
    }
    return node?.moved(place)
  }

  private mutating func read(_ member: YAMLNode.Member) {
    switch member.key {
    case "serveConfigV2": break
    case "rayClusterConfig": for part in member.value.members { readCluster(part) }
    default: leaveOut(member, in: "spec")
    }
  }

  private mutating func readCluster(_ member: YAMLNode.Member) {
    guard member.key == "workerGroupSpecs" else { return leaveOut(member, in: "spec.rayClusterConfig") }
    for (place, group) in member.value.items.enumerated() {
      guard place == 0 else {
        draft.leaveOut("a further group of workers", "all nodes are alike here", at: group.span)
        continue
      }
      readWorkers(group)
    }
  }

  private mutating func readWorkers(_ group: YAMLNode) {
    let container = group["template"]?["spec"]?["containers"]?.items.first
    for variable in container?["env"]?.items ?? [] {
      guard let name = variable["name"]?.text else { continue }
      if let value = variable["value"]?.text {
        draft.set(variable: name, value, at: variable.span)
      } else {
        draft.leaveOut("`\(name)`", "its value is elsewhere in the cluster", at: variable.span)
      }
    }
    guard let count = group["replicas"], let devices = container?["resources"]?["limits"]?["nvidia.com/gpu"],
      let replicas = count.text.flatMap(Int.init), let each = devices.text.flatMap(Int.init)
    else { return }
    let perRank = draft["\(FieldPath.engineArguments).tensor_parallel_size"]?.text.flatMap(Int.init) ?? 1
    let hosts = group["numOfHosts"]?.text.flatMap(Int.init) ?? 1
    draft.set(FieldPath.nodes, plain: "\(replicas * hosts)", at: count.span)
    draft.set(FieldPath.devices, plain: "\(max(1, each / max(1, perRank)))", at: devices.span)
  }

  private mutating func leaveOut(_ member: YAMLNode.Member, in section: String) {
    draft.leaveOut("`\(section).\(member.key)`", "a manifest has no such part", at: member.keySpan)
  }
}

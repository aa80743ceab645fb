/// Reads a Ray Serve config file (`applications:`) as a manifest, when its one application is a DP deployment.
package enum RayServeConfig {
  package static func isOne(_ root: YAMLNode) -> Bool { root["applications"] != nil }

  /// The same settings in a manifest's shape, each at the place it was written; nil when it is something else.
  package static func manifest(from root: YAMLNode, _ diagnostics: inout DiagnosticList) -> YAMLNode? {
    guard let applications = root["applications"], case .sequence(let items) = applications.content,
      let application = items.first, case .mapping(let members) = application.content
    else {
      diagnostics.report(
        .wrongType, "`applications` must be a list of Ray Serve applications", at: root["applications"]?.span)
      return nil
    }
    if items.count > 1 {
      diagnostics.report(
        .notYet, "a file with several applications is not read yet: found \(items.count)", at: items[1].span,
        help: "put each application into a file of its own")
      return nil
    }
    guard isBuilder(application, &diagnostics) else { return nil }
    var result: [YAMLNode.Member] = []
    for member in members {
      switch member.key {
      case "name": result.append(member)
      case "import_path": continue
      case "args":
        if case .mapping(let arguments) = member.value.content { result += arguments }
      default: reportIgnored(member, "in a Ray Serve application", &diagnostics)
      }
    }
    result += listener(root, &diagnostics)
    return YAMLNode(content: .mapping(result), span: application.span, weight: application.weight)
  }

  private static func isBuilder(_ application: YAMLNode, _ diagnostics: inout DiagnosticList) -> Bool {
    guard let path = application["import_path"], case .scalar(let text, _) = path.content else {
      diagnostics.report(.missingField, "the application has no `import_path`", at: application.span)
      return false
    }
    if RayBuilder.names.contains(where: { text.hasSuffix(":" + $0) || text.hasSuffix("." + $0) }) {
      return true
    }
    diagnostics.report(
      .notYet, "Ray Serve applications of `\(text)` are not read yet", at: path.span,
      help: "only data-parallel ones are: `\(RayBuilder.importPath)`")
    return false
  }

  /// `http_options` become the ingress's; Ray's other cluster options do nothing here.
  private static func listener(_ root: YAMLNode, _ diagnostics: inout DiagnosticList) -> [YAMLNode.Member] {
    guard case .mapping(let members) = root.content else { return [] }
    var result: [YAMLNode.Member] = []
    for member in members where member.key != "applications" {
      guard member.key == "http_options", case .mapping(let options) = member.value.content else {
        reportIgnored(member, "in a Ray Serve config", &diagnostics)
        continue
      }
      let kept = options.filter { $0.key == "host" || $0.key == "port" }
      for option in options where !kept.contains(where: { $0.key == option.key }) {
        reportIgnored(option, "in `http_options`", &diagnostics)
      }
      let node = YAMLNode(content: .mapping(kept), span: member.value.span, weight: member.value.weight)
      result.append(YAMLNode.Member(key: "ingress", keySpan: member.keySpan, value: node))
    }
    return result
  }

  private static func reportIgnored(
    _ member: YAMLNode.Member, _ place: String, _ diagnostics: inout DiagnosticList
  ) {
    diagnostics.report(
      .noEffect, "`\(member.key)` \(place) has no effect here: the local backend runs no Ray",
      at: member.keySpan)
  }
}

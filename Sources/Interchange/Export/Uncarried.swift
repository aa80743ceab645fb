import Manifest

/// What a manifest gives that another system has no place for.
enum Uncarried {
  /// A remark on each such field, at its line.
  static func remarks(on manifest: Manifest, for target: ExportTarget) -> [Diagnostic] {
    let carried = carried(by: target)
    return manifest.settings.entries.compactMap { entry in
      guard let span = entry.span, entry.value != .null, entry.value != Self.plain[entry.path],
        !carried.contains(where: { covers($0, entry.path) })
      else { return nil }
      // What does nothing under the manifest's own engine is no loss, and was remarked on by the reader.
      if case .noEffect? = ManifestSchema.entry(at: entry.path)?.standing(on: .vllm) { return nil }
      return Diagnostic(
        .notCarried, "`\(entry.path)` is not carried over: \(target.title) has no place for it", span: span,
        help: advice[entry.path])
    } + secrets(of: manifest, for: target)
  }

  /// Whether a path is the field itself or lies below it.
  static func covers(_ field: String, _ path: String) -> Bool { path == field || path.hasPrefix(field + ".") }

  /// The fields and sections that a target carries.
  static func carried(by target: ExportTarget) -> [String] {
    switch target {
    case .ray: envelope + ray + [FieldPath.host, FieldPath.port]
    case .kuberay:
      envelope + ray + [
        FieldPath.port, FieldPath.drainTimeout, FieldPath.nodes, FieldPath.devices, "failure_policy",
      ]
    case .lws:
      envelope + engineOptions + [
        "llm_config", FieldPath.port, "cluster", FieldPath.drainTimeout,
        FieldPath.healthyDeadline, "failure_policy",
      ]
    case .vllm, .systemd, .compose:
      envelope + engineOptions + [
        "llm_config", FieldPath.host, FieldPath.port, FieldPath.policy, FieldPath.maxQueueWait,
        FieldPath.requestTimeout, "cluster", FieldPath.drainTimeout, "failure_policy",
      ]
    }
  }

  /// The arguments of Ray Serve LLM's builder.
  private static let ray = ["llm_config", "ingress_deployment_config", "ingress_cls_config"]

  private static let envelope = ["apiVersion", "name", "engine", "backend"]

  private static let engineOptions = [
    FieldPath.acceleratorMemory, FieldPath.executable, FieldPath.extraArguments, FieldPath.engineVersion,
  ]

  /// What every target does anyway.
  private static let plain = [FieldPath.balancing: Value.text(VLLMBalancing.external.rawValue)]

  private static let advice = [
    FieldPath.balancing: "each engine is given a server of its own, as under `external`",
    FieldPath.apiKeysFile: "anybody who reaches the port is let in: put an authenticating proxy before it",
  ]

  /// Secrets are never written; who deploys gives them.
  private static func secrets(of manifest: Manifest, for target: ExportTarget) -> [Diagnostic] {
    manifest.environment.filter(\.isSecret).map { variable in
      Diagnostic(
        .notCarried, "the value of `\(variable.name)` is a secret and is not written",
        span: manifest.settings.span(of: "\(FieldPath.variables).\(variable.name)"),
        help: target == .ray
          ? "set it in the environment of the cluster's nodes" : "give it where the rendered files say so")
    }
  }
}

/// The builder of Ray Serve LLM for data-parallel groups, and what it is called with.
public enum RayBuilder {
  /// Its name now, and in releases before groups were gangs.
  static let names = ["build_dp_openai_app", "build_openai_dp_app"]
  /// Where Ray Serve finds it.
  public static let importPath = "ray.serve.llm:\(names[0])"

  /// Its arguments: the manifest's own sections, key for key, but where the builder would refuse them.
  ///
  /// - Parameter withSecrets: whether secrets are there in clear; otherwise they are left out.
  public static func arguments(of manifest: Manifest, withSecrets: Bool) -> Value {
    let ingress = ingress(of: manifest, withSecrets)
    var arguments = [Value.Member("llm_config", server(of: manifest, withSecrets))]
    if ingress != .map([]) { arguments.append(Value.Member("ingress_deployment_config", ingress)) }
    if let classes = manifest.settings["ingress_cls_config"], classes.span != nil, classes.value != .null {
      arguments.append(Value.Member("ingress_cls_config", classes.value))
    }
    return .map(arguments)
  }

  /// `num_replicas` counts groups there, as here; Ray refuses a number beside a range.
  private static func server(of manifest: Manifest, _ withSecrets: Bool) -> Value {
    let given = manifest.given(in: "llm_config", withSecrets: withSecrets)
    guard given["deployment_config"]?["autoscaling_config"] == nil else { return given }
    return given.adding(.integer(manifest.groups.minimum), at: ["deployment_config", "num_replicas"])
  }

  /// The builder gives its ingress a range and refuses `num_replicas` beside it, so one number is a range of one.
  private static func ingress(of manifest: Manifest, _ withSecrets: Bool) -> Value {
    let counts: Set = [FieldPath.ingressReplicas, FieldPath.ingressMinimum, FieldPath.ingressMaximum]
    let rest = manifest.given(in: "ingress_deployment_config", except: counts, withSecrets: withSecrets)
    guard counts.contains(where: { manifest.settings.span(of: $0) != nil }), case .map(let members) = rest
    else { return rest }
    var scaling = [
      Value.Member("min_replicas", .integer(manifest.ingressReplicas.minimum)),
      Value.Member("max_replicas", .integer(manifest.ingressReplicas.maximum)),
    ]
    if case .map(let given)? = rest["autoscaling_config"] { scaling += given }
    return .map(
      [Value.Member("autoscaling_config", .map(scaling))] + members.filter { $0.key != "autoscaling_config" })
  }
}

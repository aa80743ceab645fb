import Manifest

/// A config file of Ray Serve whose one application is built by `ray.serve.llm:build_dp_openai_app`.
///
/// Its arguments are the manifest's own sections, key for key, so `dpdeploy import` makes the same manifest of it.
struct RayServeFile {
  /// The builder since Ray's data-parallel groups are gangs.
  static let builder = "ray.serve.llm:build_dp_openai_app"

  private let manifest: Manifest

  init(_ manifest: Manifest) { self.manifest = manifest }

  func file(_ remarks: [Diagnostic]) -> Rendition.File {
    Rendition.File("\(manifest.name).serve.yaml", text(remarks))
  }

  /// The whole file.
  func text(_ remarks: [Diagnostic]) -> String {
    let layout = manifest.parallelism
    let header = """
      \(manifest.name): a Ray Serve config, made by `dpdeploy export` for Ray 2.60.
      Deploy it: serve deploy \(manifest.name).serve.yaml
      A group is a gang of \(layout.size) Serve replicas; `num_replicas` counts groups, as in the manifest.
      """
    return YAMLText.comment(header + Rendition.comment(remarks)).map { $0 + "\n" }.joined()
      + document.document
  }

  /// The config alone, for a RayService: proxies listen on every address of their pods.
  func onKubernetes(port: Int) -> String {
    let config: YAMLText = [
      "http_options": ["host": "0.0.0.0", "port": .scalar(.integer(port))], "applications": [application],
    ]
    return config.document
  }

  private var document: YAMLText {
    let listener = GivenFields.of("ingress", in: manifest, except: Self.notListener)
    let applications = YAMLText.list([application])
    guard listener != .map([]) else { return ["applications": applications] }
    return [
      "http_options": .noted(
        "The proxies of the whole cluster listen here; Serve takes it when it starts, and not again.",
        YAMLText(listener)), "applications": applications,
    ]
  }

  private var application: YAMLText {
    ["name": .text(manifest.name), "import_path": .text(Self.builder), "args": arguments]
  }

  private var arguments: YAMLText {
    let server = YAMLText(GivenFields.of("llm_config", in: manifest))
    let ingress = ingress
    let arguments: YAMLText = ["llm_config": note.map { .noted($0, server) } ?? server]
    let classes = manifest.settings["ingress_cls_config"].flatMap { $0.span == nil ? nil : $0.value }
    return arguments.adding("ingress_deployment_config", ingress == .map([]) ? nil : YAMLText(ingress))
      .adding("ingress_cls_config", classes.map(YAMLText.init))
  }

  /// Said where it matters: current Ray reads the field no more.
  private var note: String? {
    guard manifest.settings.span(of: FieldPath.sizePerNode) != nil else { return nil }
    return """
      Ray accepts `dp_size_per_node` and ignores it: for blocks of \(manifest.parallelism.sizePerNode) ranks, give each \
      Ray node the devices of one block.
      """
  }

  /// The builder refuses `num_replicas` for the ingress, so one number is a range of one.
  private var ingress: Value {
    let section = "ingress_deployment_config"
    let counts: Set = [FieldPath.ingressReplicas, FieldPath.ingressMinimum, FieldPath.ingressMaximum]
    let rest = GivenFields.of(section, in: manifest, except: counts)
    guard counts.contains(where: { manifest.settings.span(of: $0) != nil }), case .map(let members) = rest
    else { return rest }
    let bounds = [
      Value.Member("min_replicas", .integer(manifest.ingressReplicas.minimum)),
      Value.Member("max_replicas", .integer(manifest.ingressReplicas.maximum)),
    ]
    var scaling = bounds
    if case .map(let given)? = rest["autoscaling_config"] { scaling += given }
    return .map(
      [Value.Member("autoscaling_config", .map(scaling))] + members.filter { $0.key != "autoscaling_config" })
  }

  /// The ingress's settings that Ray's listener does not have.
  private static let notListener = Set(
    (ManifestSchema.entry(at: "ingress")?.field.children ?? []).map { "ingress.\($0.name)" }
      .filter { $0 != FieldPath.host && $0 != FieldPath.port })
}

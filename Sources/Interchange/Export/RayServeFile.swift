import Manifest

/// A config file of Ray Serve whose one application is built by `ray.serve.llm:build_dp_openai_app`.
///
/// Its arguments are the manifest's own sections, key for key, so `dpdeploy import` makes the same manifest of it.
struct RayServeFile {
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
    let listener = manifest.given(in: "ingress", except: Self.notListener, withSecrets: false)
    let applications = YAMLText.list([application])
    guard listener != .map([]) else { return ["applications": applications] }
    return [
      "http_options": .noted(
        "The proxies of the whole cluster listen here; Serve takes it when it starts, and not again.",
        YAMLText(listener)), "applications": applications,
    ]
  }

  private var application: YAMLText {
    ["name": .text(manifest.name), "import_path": .text(RayBuilder.importPath), "args": arguments]
  }

  private var arguments: YAMLText {
    guard case .map(let arguments) = RayBuilder.arguments(of: manifest, withSecrets: false) else { return [] }
    return .map(
      arguments.map { argument in
        let value = YAMLText(argument.value)
        let note = argument.key == "llm_config" ? note : nil
        return YAMLText.Member(key: argument.key, value: note.map { .noted($0, value) } ?? value)
      })
  }

  /// Said where it matters: current Ray reads the field no more.
  private var note: String? {
    guard manifest.settings.span(of: FieldPath.sizePerNode) != nil else { return nil }
    return """
      Ray accepts `dp_size_per_node` and ignores it: for blocks of \(manifest.parallelism.sizePerNode) ranks, give each \
      Ray node the devices of one block.
      """
  }

  /// The ingress's settings that Ray's listener does not have.
  private static let notListener = Set(
    (ManifestSchema.entry(at: "ingress")?.field.children ?? []).map { "ingress.\($0.name)" }
      .filter { $0 != FieldPath.host && $0 != FieldPath.port })
}

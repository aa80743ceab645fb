/// What came of reading a manifest: the manifest, unless there are errors, and everything there is to say about it.
public struct ManifestReading: Sendable {
  /// The manifest; nil when ``diagnostics`` holds an error.
  public let manifest: Manifest?
  /// All remarks of the run, in the order of the file.
  public let diagnostics: [Diagnostic]
  /// What was read, for excerpts.
  public let source: ManifestSource

  /// What came of a file that could not be read at all.
  public init(diagnostics: [Diagnostic], source: ManifestSource) {
    self.init(manifest: nil, diagnostics: diagnostics, source: source)
  }

  init(manifest: Manifest?, diagnostics: [Diagnostic], source: ManifestSource) {
    self.manifest = manifest
    self.diagnostics = diagnostics
    self.source = source
  }

  /// The same with one more remark, put where it belongs; an error takes the manifest away.
  public func adding(_ diagnostic: Diagnostic) -> ManifestReading {
    var list = DiagnosticList(file: source.name)
    list.add(diagnostics + [diagnostic])
    return ManifestReading(
      manifest: list.hasErrors ? nil : manifest, diagnostics: list.inOrder, source: source)
  }

  /// Whether the manifest cannot be used.
  public var hasErrors: Bool { manifest == nil }
}

extension Manifest {
  /// Reads, checks and completes a manifest: pure, no file is opened, all errors of the run are found.
  ///
  /// Given the ``secrets`` kept of a manifest, its redacted canonical text reads back to an equal manifest.
  /// `scale` takes the place of the file's numbers of replicas, `engine` that of its `engine:`.
  public static func read(
    _ source: ManifestSource, secrets: [String: String] = [:], scale: Scale = Scale(),
    engine: EngineKind? = nil
  ) -> ManifestReading {
    var diagnostics = DiagnosticList(file: source.name)
    let manifest = read(source, secrets, scale, engine, &diagnostics)
    return ManifestReading(
      manifest: diagnostics.hasErrors ? nil : manifest, diagnostics: diagnostics.inOrder, source: source)
  }

  private static func read(
    _ source: ManifestSource, _ secrets: [String: String], _ scale: Scale, _ engine: EngineKind?,
    _ diagnostics: inout DiagnosticList
  ) -> Manifest? {
    guard var root = YAMLComposer.compose(source, &diagnostics) else { return nil }
    if RayServeConfig.isOne(root) {
      guard let translated = RayServeConfig.manifest(from: root, &diagnostics) else { return nil }
      root = translated
    }
    if let engine { root = root.setting(engine.rawValue, at: FieldPath.engine) }
    return read(root, secrets, scale, &diagnostics)
  }

  /// Reads a tree that was made of another form of the deployment; places are those in its source.
  package static func read(
    _ root: YAMLNode, _ diagnostics: DiagnosticList, of source: ManifestSource
  ) -> ManifestReading {
    var diagnostics = diagnostics
    let manifest = read(root, [:], Scale(), &diagnostics)
    return ManifestReading(
      manifest: diagnostics.hasErrors ? nil : manifest, diagnostics: diagnostics.inOrder, source: source)
  }

  private static func read(
    _ root: YAMLNode, _ secrets: [String: String], _ scale: Scale, _ diagnostics: inout DiagnosticList
  ) -> Manifest? {
    var reader = SchemaReader(diagnostics)
    reader.read(root)
    reader.restore(secrets)
    var checker = Checker(reader, overrides: scale.overrides)
    let layout = checker.checkAll()
    diagnostics = checker.diagnostics
    guard !diagnostics.hasErrors, let layout else { return nil }
    return Manifest(checker, layout)
  }
}

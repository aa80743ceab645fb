import Glibc
import Manifest
import Planning

/// Opens manifests and finds what they name: the only place where the reader meets the file system.
enum ManifestFile {
  /// Reads a file, or standard input for `-`; a file that cannot be read is a diagnostic like any other.
  ///
  /// A model that is not there is an error when something is to be started, else a warning: the manifest may be meant
  /// for another machine.
  static func read(_ name: String, missingModel: Diagnostic.Severity = .warning) -> ManifestReading {
    let shown = name == "-" ? "<stdin>" : name
    switch source(name) {
    case .failure(let diagnostic):
      return ManifestReading(diagnostics: [diagnostic], source: ManifestSource(name: shown, text: ""))
    case .success(let source):
      let reading = Manifest.read(source)
      // A cluster's nodes may have what this machine has not.
      let missingModel = reading.manifest?.backend == .ray ? .warning : missingModel
      guard let manifest = reading.manifest else { return reading }
      let remarks =
        manifest.engine == .vllm
        // On a cluster its nodes' vLLM counts, and Ray takes arguments and variables as they are.
        ? manifest.backend == .ray
          ? []
          : VLLMRemarks.of(manifest, folder: folder(of: name), file: shown, missing: missingModel)
        : [remarkOnModel, remarkOnAdapters].compactMap { $0(manifest, name, shown, missingModel) }
      return (remarks + remarksOnNumbers(manifest, name, shown)).reduce(reading) { $0.adding($1) }
    }
  }

  /// Reads a file as ``read(_:missingModel:)`` does, for a machine that is not this one: nothing it names is looked for.
  static func readAlone(_ name: String, engine: EngineKind? = nil) -> ManifestReading {
    switch source(name) {
    case .failure(let diagnostic):
      ManifestReading(
        diagnostics: [diagnostic], source: ManifestSource(name: diagnostic.file ?? name, text: ""))
    case .success(let source): Manifest.read(source, engine: engine)
    }
  }

  /// The text of a file, or of standard input for `-`.
  static func source(_ name: String) -> Result<ManifestSource, Diagnostic> {
    let shown = name == "-" ? "<stdin>" : name
    return bytes(of: name, shown).flatMap { ManifestSource.decoding($0, name: shown) }
  }

  /// The folder a model's files are in, nil when it is nowhere.
  static func modelFolder(_ manifest: Manifest, manifestName: String) -> String? {
    modelFolder(manifest.model.source, manifestName: manifestName)
  }

  /// The folder that holds the files of a model which a manifest of that name calls `source`, nil when it is nowhere.
  static func modelFolder(_ source: String, manifestName: String) -> String? {
    candidates(source, manifestName).first { access($0 + "/config.json", R_OK) == 0 }
  }

  /// The schema for editors that came with this program; nil when it came without.
  static var schemaPath: String? {
    bundledFolders.map { $0.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } }
      .map { $0 + "/schema/dpdeploy.schema.json" }.first { access($0, R_OK) == 0 }
  }

  private static func candidates(_ source: String, _ name: String) -> [String] {
    ModelLookup(manifestFolder: folder(of: name), bundledFolders: bundledFolders).candidates(for: source)
  }

  private static var bundledFolders: [String] {
    ModelLookup.bundledFolders(
      executable: linkTarget("/proc/self/exe") ?? "",
      override: getenv("DPDEPLOY_MODELS").map { String(cString: $0) })
  }

  private static func remarkOnModel(
    _ manifest: Manifest, _ name: String, _ shown: String, _ severity: Diagnostic.Severity
  ) -> Diagnostic? {
    guard modelFolder(manifest, manifestName: name) == nil else { return nil }
    let places = candidates(manifest.model.source, name)
    let source = manifest.model.source
    let help =
      ModelLookup.isBareName(source) || source.hasPrefix(".") || source.hasPrefix("/")
      ? "name a folder with config.json, tokenizer.json and *.safetensors"
      : "nothing is downloaded: fetch the model first and name its folder"
    return Diagnostic(
      .modelNotFound, "no model `\(source)` on this machine", file: shown,
      span: manifest.settings.span(of: FieldPath.modelSource),
      note: "looked in " + places.joined(separator: ", "), help: help, severity: severity)
  }

  /// What follows from the model's config.json; nothing where that is not at hand, or is of a kind that is not known.
  private static func remarksOnNumbers(_ manifest: Manifest, _ name: String, _ shown: String) -> [Diagnostic]
  {
    guard let folder = modelFolder(manifest, manifestName: name), let shape = try? ModelShape(folder: folder)
    else { return [] }
    return ModelRemarks(manifest: manifest, shape: shape, memoryBytes: Machine.current().memoryBytes).all
      .map { $0.inFile(shown) }
  }

  private static func remarkOnAdapters(
    _ manifest: Manifest, _ name: String, _ shown: String, _ severity: Diagnostic.Severity
  ) -> Diagnostic? {
    guard let written = manifest.engineArguments.adapters?.folder else { return nil }
    let path = ModelLookup(manifestFolder: folder(of: name), bundledFolders: []).path(of: written)
    guard access(path + "/.", R_OK | X_OK) != 0 else { return nil }
    return Diagnostic(
      .adaptersNotFound, "no folder `\(written)` on this machine", file: shown,
      span: manifest.settings.span(of: FieldPath.adapterFolder), note: "looked for \(path)",
      help: "make it, and put each adapter into a folder of its own in it", severity: severity)
  }

  /// The absolute folder of a file; standard input belongs to the working directory.
  static func folder(of name: String) -> String {
    let here = workingDirectory()
    guard name != "-", let slash = name.lastIndex(of: "/") else { return here }
    let folder = String(name[..<slash])
    if folder.isEmpty { return "/" }
    return folder.hasPrefix("/") ? folder : here + "/" + folder
  }

  static func workingDirectory() -> String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
  }

  private static func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(path, $0, bytes.count) } ?? -1
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  private static func bytes(of name: String, _ shown: String) -> Result<[UInt8], Diagnostic> {
    let descriptor = name == "-" ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .failure(unreadable(shown)) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= longest {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return .failure(unreadable(shown)) }
      guard count > 0 else { return .success(bytes) }
      bytes += buffer[..<count]
    }
    return .failure(
      Diagnostic(.tooLarge, "more than \(longest) bytes", file: shown, help: "is this the right file?"))
  }

  private static let longest = 1 << 20

  private static func unreadable(_ shown: String) -> Diagnostic {
    let isFolder = errno == EISDIR
    return Diagnostic(
      .unreadable, "cannot read the manifest: \(String(cString: strerror(errno)))", file: shown,
      help: isFolder ? "name a file in it" : nil)
  }
}

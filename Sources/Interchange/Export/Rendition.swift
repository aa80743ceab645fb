public import Manifest

/// A manifest in the form of another system.
public struct Rendition: Sendable, Equatable {
  /// A file of it.
  public struct File: Sendable, Equatable {
    /// Its path, below a folder of the reader's choice.
    public let name: String
    /// The whole text.
    public let text: String
    /// Whether it is a program.
    public let isExecutable: Bool

    init(_ name: String, _ text: String, isExecutable: Bool = false) {
      self.name = name
      self.text = text
      self.isExecutable = isExecutable
    }
  }

  /// The files; none when there is an error among ``remarks``.
  public let files: [File]
  /// What could not be carried over, or had to be said otherwise.
  public let remarks: [Diagnostic]

  /// Renders a manifest that was read for `engine: vllm`.
  public init(of manifest: Manifest, as target: ExportTarget) {
    let uncarried = Uncarried.remarks(on: manifest, for: target)
    if target == .ray {
      files = [RayServeFile(manifest).file(uncarried)]
      remarks = uncarried
      return
    }
    let (plan, translations) = ServePlan.make(manifest)
    // Ray takes the manifest's own words.
    let found = target == .kuberay ? translations.filter { $0.severity == .error } : translations
    remarks = found + uncarried
    files = plan.map { Self.files(of: $0, target, remarks: found + uncarried) } ?? []
  }

  private static func files(of plan: ServePlan, _ target: ExportTarget, remarks: [Diagnostic]) -> [File] {
    switch target {
    case .vllm: ShellScript(plan).files(remarks)
    case .systemd: SystemdUnits(plan).files(remarks)
    case .compose: ComposeFile(plan).files(remarks)
    case .lws: [LeaderWorkerSet(parts: PodParts(plan)).file(remarks)]
    case .kuberay: [RayService(parts: PodParts(plan)).file(remarks)]
    case .ray: []
    }
  }

  /// The remarks as lines of a comment.
  static func comment(_ remarks: [Diagnostic]) -> String {
    let said = remarks.filter { $0.severity > .note }.map { remark in
      "  - " + (remark.span.map { "line \($0.line): " } ?? "") + remark.message
    }
    return said.isEmpty ? "" : "\nNot as in the manifest:\n" + said.joined(separator: "\n")
  }
}

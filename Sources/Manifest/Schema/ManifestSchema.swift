/// The schema of a manifest: every field, in the order it is documented and stored.
public enum ManifestSchema {
  /// The version of the manifest's format.
  public static let apiVersion = "dpdeploy/v1"

  /// The fields of the top level.
  public static let root: [Field] = envelope + [llmConfig] + ingressSections + operation

  /// A field with its full path and what it inherits.
  public struct Entry: Sendable {
    /// The path from the top, such as `llm_config.engine_kwargs.max_num_seqs`.
    public let path: String
    /// The field itself.
    public let field: Field
    /// What `engine: vllm` does with it.
    public let vllm: String
    /// What `backend: ray` does with it.
    public let ray: String
  }

  /// Every field and section, parents before children.
  public static let entries: [Entry] = flatten(
    root, under: "", vllm: "the same: dpdeploy's own", ray: "the same: dpdeploy's own")

  /// The fields worth suggesting: all but vLLM's flags that are only kept.
  static let described = entries.filter { !$0.field.isPassedOn }
  static let describedNames = Set(described.map(\.field.name)).sorted()

  private static let byPath = Dictionary(uniqueKeysWithValues: entries.map { ($0.path, $0) })

  /// The field at a path, nil when there is none.
  public static func entry(at path: String) -> Entry? { byPath[path] }

  /// Fields whose path ends with these keys, so that `explain max_num_seqs` finds its field.
  public static func entries(endingWith suffix: String) -> [Entry] {
    entries.filter { $0.path == suffix || $0.path.hasSuffix("." + suffix) }
  }

  private static func flatten(_ fields: [Field], under prefix: String, vllm: String, ray: String) -> [Entry] {
    fields.flatMap { field in
      let entry = Entry(
        path: prefix + field.name, field: field, vllm: field.vllm ?? vllm, ray: field.ray ?? ray)
      return [entry]
        + flatten(field.children, under: entry.path + ".", vllm: entry.vllm, ray: entry.ray)
    }
  }

  static let envelope: [Field] = [
    Field(
      "apiVersion", .choice([apiVersion]), .text(apiVersion), "The version of this format.", .none),
    Field(
      "name", .text(.label), "The application's name; it stands in paths, logs and `dpdeploy status`.",
      .recreate,
      isRequired: true),
    Field(
      "backend", .choice(["local", "ray"]), .text("local"),
      "Where the processes run: on this machine, or as a Ray Serve application.", .recreate),
    Field(
      "engine", .choice(["bundled", "vllm"]), .text("bundled"),
      "What runs in a rank: the engine that comes with the tools, or `vllm serve`.", .recreate),
  ]
}

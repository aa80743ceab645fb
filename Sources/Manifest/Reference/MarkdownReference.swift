/// docs/manifest.md, written by the schema.
public enum MarkdownReference {
  /// The whole document.
  public static func text() -> String {
    ([introduction, fields(ManifestSchema.root, title: "The top level", path: "")]
      + sections.map { fields($0.field.children, title: "`\($0.path)`", path: $0.path) }
      + [otherFlags, variables, changes]).joined(separator: "\n")
  }

  private static var sections: [ManifestSchema.Entry] {
    ManifestSchema.entries.filter { !$0.field.children.isEmpty }
  }

  private static let introduction = """
    # The manifest

    <!-- Written by `dpdeploy explain --markdown`; change Sources/Manifest/Schema, not this file. -->

    A deployment is one YAML file. `llm_config` and `ingress_deployment_config` take the keys of Ray Serve's data-parallel
    builder, so such a configuration moves over by copy and paste; a Ray Serve config file with one `applications:` entry
    for `ray.serve.llm:build_dp_openai_app` is accepted as it is. `manifests/quickstart.yaml` is a file to start from,
    `dpdeploy validate` tells all that is wrong with one, and `dpdeploy explain FIELD` shows a row of these tables.

    Unknown and repeated keys are errors. Words that YAML readers disagree about (`yes`, `017`, `12:30`, `1e3`) are
    refused or warned about. Settings that do nothing are warned about, never silently ignored: *not yet* says what
    happens meanwhile, *no effect* says why. `engine: vllm` and `backend: ray` are reserved for a later version; their
    meaning is in `dpdeploy explain`.

    The column *change* says what a changed value costs a running deployment; see the end of this page.

    """

  private static func fields(_ fields: [Field], title: String, path: String) -> String {
    var text = "## \(title)\n\n"
    if let entry = ManifestSchema.entry(at: path) { text += entry.field.summary + "\n\n" }
    text += "| field | what it is | type | default | change | bundled engine |\n|---|---|---|---|---|---|\n"
    for field in fields where !field.isPassedOn { text += row(field, path) }
    return text
  }

  private static func row(_ field: Field, _ path: String) -> String {
    let full = path.isEmpty ? field.name : path + "." + field.name
    if !field.children.isEmpty {
      return "| `\(field.name)` | \(field.summary) | see `\(full)` | | | |\n"
    }
    if case .refused(_, let instead) = field.kind {
      return "| `\(field.name)` | \(field.summary) | refused: \(instead) | | | |\n"
    }
    let fallback = field.isRequired ? "required" : field.fallback == .null ? "" : "`\(field.fallback.json())`"
    let cells = [
      "`\(field.name)`", field.summary, field.kind.words, fallback, field.changeClass.rawValue,
      field.bundled.words,
    ]
    return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
  }

  private static var otherFlags: String {
    let names = VLLMFlags.names.filter { name in
      ManifestSchema.entries(endingWith: "engine_kwargs." + name).first?.field.isPassedOn ?? false
    }
    return """
      ## Other flags of vLLM

      These are accepted under `llm_config.engine_kwargs`, kept, and without effect on the bundled engine:
      \(names.map { "`\($0)`" }.joined(separator: ", ")).

      """
  }

  private static var variables: String {
    var text = """
      ## Environment variables

      Any variable may stand under `llm_config.runtime_env.env_vars` and reaches the ranks. These are known:

      | variable | what it is | bundled engine | vLLM |
      |---|---|---|---|

      """
    for known in KnownVariable.all {
      let history =
        switch VLLMVariables.standing(of: known.name) {
        case .gone(let last, let goneBy) where known.name.hasPrefix(VLLMVariables.prefix):
          "\(last) has it, \(goneBy) does not" + (known.instead.map { "; use \($0)" } ?? "")
        case .current where known.name.hasPrefix(VLLMVariables.prefix):
          "\(VLLMVariables.newestRelease) has it"
        default: ""
        }
      text += "| `\(known.name)` | \(known.summary) | \(known.bundled.words) | \(history) |\n"
    }
    return text + "\nAny other `VLLM_*` variable is warned about, with the release of vLLM that lost it.\n"
  }

  private static var changes: String {
    let rows = ChangeClass.allCases.map { "| \($0.rawValue) | \($0.meaning) |\n" }.joined()
    return "## What a change costs\n\n| change | what happens |\n|---|---|\n" + rows
  }
}

import CommandLine
import Manifest

/// `dpdeploy explain`: the documentation of a field or a code, where it is needed.
enum ExplainCommand: Subcommand {
  static let description = CommandDescription(
    "dpdeploy explain", "Show what a field of the manifest is and does, or what a code means.",
    discussion: """
      NAME is a path such as llm_config.engine_kwargs.max_num_seqs, the end of one such as max_num_seqs, an environment \
      variable such as VLLM_MOE_DP_CHUNK_SIZE, the code of a diagnostic such as unknown-key, of a hint such as H07, or \
      an exit status such as 8. Without it the top level of a manifest is listed.
      """,
    operands: [OperandDescription("NAME", "The field or code to explain.", 0...1)],
    options: [
      OptionDescription("markdown", .flag, "Print all fields as docs/manifest.md."),
      OptionDescription("json-schema", .flag, "Print the JSON Schema of a manifest, for editors."),
      .color,
    ],
    examples: [
      .init("dpdeploy explain dp_size_per_node", "What it means here, on vLLM and on Ray."),
      .init("dpdeploy explain H07", "Why the hint appears, and what to do."),
    ])

  static func run(_ arguments: ParsedArguments, _ streams: StandardStreams) throws(UsageError) -> ExitCode {
    if arguments.flag("markdown") {
      streams.out(MarkdownReference.text())
    } else if arguments.flag("json-schema") {
      streams.out(JSONSchemaDocument.text())
    } else if let name = arguments.operands.first {
      streams.out(try text(about: name, streams))
    } else {
      streams.out(topLevel(streams))
    }
    return .ok
  }

  private static func text(about name: String, _ streams: StandardStreams) throws(UsageError) -> String {
    if let code = CodeExplanation(name) { return render(code.code, code.summary, code.facts, streams) }
    return try explanations(of: name).map {
      render($0.path, $0.summary, $0.facts, streams, children: $0.children)
    }.joined(separator: "\n")
  }

  private static func explanations(of field: String) throws(UsageError) -> [FieldExplanation] {
    let entries = ManifestSchema.entries(endingWith: field)
    if !entries.isEmpty { return entries.map { FieldExplanation($0) } }
    let name = field.split(separator: ".").last.map(String.init) ?? field
    if let variable = FieldExplanation(variable: name) { return [variable] }
    let known =
      ManifestSchema.entries.flatMap { [$0.field.name, $0.path] } + KnownVariable.all.map(\.name)
      + CodeExplanation.words
    throw UsageError(
      "no field, variable or code `\(field)`",
      help: Suggestion.sentence(for: field, among: known) ?? "`dpdeploy explain` lists them")
  }

  private static func render(
    _ title: String, _ summary: String, _ facts: [FieldExplanation.Fact], _ streams: StandardStreams,
    children: [FieldExplanation.Fact] = []
  ) -> String {
    let style = streams.outputStyle
    var text = style.bold(title) + "\n"
    text += TextWrap.lines(summary, width: streams.helpWidth - 2).map { "  \($0)\n" }.joined()
    for block in [facts, children] where !block.isEmpty {
      text += "\n" + block.map { line($0, style.cyan, streams) }.joined()
    }
    return text
  }

  private static func line(
    _ fact: FieldExplanation.Fact, _ paint: (String) -> String, _ streams: StandardStreams
  ) -> String {
    let left = 18
    let padding = String(repeating: " ", count: max(1, left - fact.label.count))
    let lines = TextWrap.lines(fact.text, width: max(20, streams.helpWidth - left - 2))
    guard fact.label.count < left else {
      return "  " + paint(fact.label) + "\n"
        + lines.map { String(repeating: " ", count: left + 2) + $0 + "\n" }.joined()
    }
    let rest = lines.dropFirst().map { String(repeating: " ", count: left + 2) + $0 + "\n" }.joined()
    return "  " + paint(fact.label) + padding + (lines.first ?? "") + "\n" + rest
  }

  private static func topLevel(_ streams: StandardStreams) -> String {
    let facts = FieldExplanation.topLevel
    return "The fields of a manifest; `dpdeploy explain FIELD` tells more about each.\n\n"
      + facts.map { line($0, streams.outputStyle.cyan, streams) }.joined()
  }
}

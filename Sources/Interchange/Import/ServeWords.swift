import Manifest
import VLLM

/// A word of a command line and where it stands.
struct SpannedWord: Equatable {
  let text: String
  let span: SourceSpan
}

/// Reads a command line of `vllm serve` into a draft.
struct ServeWords {
  private var draft: Draft
  private var words: ArraySlice<SpannedWord>

  /// Puts what `words` say into a draft; anything before `serve` is environment.
  static func read(_ words: [SpannedWord], into draft: Draft) -> Draft {
    var reader = ServeWords(draft: draft, words: words[...])
    reader.readProgram()
    reader.readArguments()
    return reader.draft
  }

  /// Puts what the flags alone say into a draft.
  static func read(flags words: [SpannedWord], into draft: Draft) -> Draft {
    var reader = ServeWords(draft: draft, words: words[...])
    reader.readArguments()
    return reader.draft
  }

  /// `NAME=value … vllm serve`, or `python -m vllm.entrypoints.openai.api_server`.
  private mutating func readProgram() {
    while let word = words.first {
      words.removeFirst()
      if word.text == "serve" || word.text.hasSuffix(".api_server") { return }
      guard let sign = word.text.firstIndex(of: "="), !word.text.hasPrefix("-") else { continue }
      let value = String(word.text[word.text.index(after: sign)...])
      draft.set(variable: String(word.text[..<sign]), value, at: word.span)
    }
  }

  private mutating func readArguments() {
    while let word = words.popFirst() {
      guard word.text.hasPrefix("-"), word.text.count > 1 else {
        readModel(word)
        continue
      }
      readFlag(word)
    }
  }

  private mutating func readModel(_ word: SpannedWord) {
    if let named = draft[FieldPath.modelSource]?.text {
      if named != word.text { draft.leaveOut("`\(word.text)`", "the model is named already", at: word.span) }
      return
    }
    draft.set(FieldPath.modelSource, text: word.text, at: word.span)
  }

  private mutating func readFlag(_ word: SpannedWord) {
    let attached = word.text.firstIndex(of: "=").map { String(word.text[word.text.index(after: $0)...]) }
    guard let (flag, isNegated) = FlagTable.flag(saidBy: word.text) else {
      let values = attached == nil ? followingValues() : []
      let name = String(word.text.drop { $0 == "-" }.prefix { $0 != "=" })
      let shown = ([word] + values).map(\.text).joined(separator: " ")
      draft.leaveOut(
        "`\(shown)`", "vLLM \(VLLMVersion.newestKnown) has no such flag", at: word.span,
        help: FlagTable.suggestion(for: name))
      return
    }
    guard flag.takesValue else {
      return draft.set(Self.path(of: flag), plain: isNegated ? "false" : "true", at: word.span)
    }
    let values = attached.map { [SpannedWord(text: $0, span: word.span)] } ?? followingValues(of: flag)
    guard let first = values.first else {
      return draft.leaveOut("`\(word.text)`", "its value is missing", at: word.span)
    }
    if values.contains(where: { $0.text.contains("$") }) {
      let shown = values.map(\.text).joined(separator: " ")
      return draft.leaveOut("`\(word.text) \(shown)`", "only the shell knows its value", at: word.span)
    }
    set(flag, first, values)
  }

  private mutating func set(_ flag: Flag, _ first: SpannedWord, _ values: [SpannedWord]) {
    let path = Self.path(of: flag)
    switch flag.kind {
    case .integer, .number, .humanInteger: draft.set(path, plain: first.text, at: first.span)
    case .json: setObject(path, first)
    default:
      if path == FieldPath.modelID, values.count > 1 {
        draft.leaveOut(
          values.dropFirst().map { "`\($0.text)`" }.joined(separator: ", "), "a model has one name here",
          at: values[1].span)
      }
      guard values.count > 1, path != FieldPath.modelID else {
        return Self.isText(path)
          ? draft.set(path, text: first.text, at: first.span)
          : draft.set(path, plain: first.text, at: first.span)
      }
      let items = values.map { YAMLNode(content: .scalar($0.text, isPlain: false), span: $0.span, weight: 1) }
      draft.set(path, YAMLNode(content: .sequence(items), span: first.span, weight: items.count + 1))
    }
  }

  /// JSON is YAML; all of it stands where the word does.
  private mutating func setObject(_ path: String, _ word: SpannedWord) {
    var found = DiagnosticList(file: draft.diagnostics.file)
    guard let object = YAMLComposer.compose(ManifestSource(name: found.file, text: word.text), &found) else {
      return draft.leaveOut("`\(word.text)`", "it is no JSON", at: word.span)
    }
    draft.set(path, object.moved { _ in word.span })
  }

  /// The words up to the next flag; one, unless the flag takes several.
  private mutating func followingValues(of flag: Flag) -> [SpannedWord] {
    guard flag.kind == .text else {
      // A negative number is no flag.
      return words.popFirst().map { [$0] } ?? []
    }
    return followingValues()
  }

  private mutating func followingValues() -> [SpannedWord] {
    let values = words.prefix { !$0.text.hasPrefix("-") }
    words = words.dropFirst(values.count)
    return Array(values)
  }

  /// Whether a manifest has text there: vLLM's parser takes words for some numbers, too.
  private static func isText(_ path: String) -> Bool {
    switch ManifestSchema.entry(at: path)?.field.kind {
    case .boolean, .integer, .humanInteger, .number, .size: false
    default: true
    }
  }

  /// Where a manifest says what a flag says.
  private static func path(of flag: Flag) -> String {
    switch flag.name {
    case "model": FieldPath.modelSource
    case "served-model-name": FieldPath.modelID
    case "tokenizer": "llm_config.model_loading_config.tokenizer_source"
    case "host": FieldPath.host
    case "port": FieldPath.port
    case "data-parallel-size-local": FieldPath.sizePerNode
    default: "\(FieldPath.engineArguments).\(flag.argument)"
    }
  }
}

extension YAMLNode {
  /// The same with every place exchanged.
  func moved(_ place: (SourceSpan) -> SourceSpan) -> YAMLNode {
    let content: Content =
      switch self.content {
      case .scalar: self.content
      case .sequence(let items): .sequence(items.map { $0.moved(place) })
      case .mapping(let members):
        .mapping(
          members.map { Member(key: $0.key, keySpan: place($0.keySpan), value: $0.value.moved(place)) })
      }
    return YAMLNode(content: content, span: place(span), weight: weight)
  }

  /// A scalar's text.
  var text: String? { if case .scalar(let text, _) = content { text } else { nil } }

  /// A sequence's items; none of anything else.
  var items: [YAMLNode] { if case .sequence(let items) = content { items } else { [] } }

  /// A mapping's members; none of anything else.
  var members: [Member] { if case .mapping(let members) = content { members } else { [] } }
}

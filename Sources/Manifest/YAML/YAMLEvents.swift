import CYAML

/// What libyaml says next, in Swift's types.
struct YAMLEvent {
  enum Kind {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(String, isPlain: Bool, tag: String?, anchor: String?)
    case sequenceStart(tag: String?, anchor: String?)
    case mappingStart(tag: String?, anchor: String?)
    case sequenceEnd, mappingEnd
  }

  let kind: Kind
  let span: SourceSpan
}

/// The events of one text.
///
/// It owns libyaml's parser and frees it.
struct YAMLEvents: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  init(_ text: String) {
    parser = .allocate(capacity: 1)
    bytes = .allocate(capacity: text.utf8.count)
    _ = bytes.initialize(fromContentsOf: text.utf8)
    let status = yaml_parser_initialize(parser)
    precondition(status == 1, "libyaml could not allocate its buffers")
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    // The buffer is ours until deinit: libyaml reads it in place.
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    bytes.deallocate()
  }

  /// The next event, or libyaml's complaint.
  mutating func next() throws(YAMLProblem) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
    defer { yaml_event_delete(&event) }
    return YAMLEvent(kind: Self.kind(of: event), span: Self.span(event.start_mark, event.end_mark))
  }

  private func problem() -> YAMLProblem {
    let context = parser.pointee.context.map { String(cString: $0) }
    let mark = parser.pointee.context_mark
    return YAMLProblem(
      text: parser.pointee.problem.map { String(cString: $0) } ?? "the text cannot be read",
      span: parser.pointee.error == YAML_READER_ERROR ? readerSpan() : Self.span(parser.pointee.problem_mark),
      context: context, contextSpan: context == nil ? nil : Self.span(mark))
  }

  /// The reader's complaints carry a byte offset where all others carry a mark.
  private func readerSpan() -> SourceSpan {
    let before = bytes[..<min(parser.pointee.problem_offset, bytes.count)]
    return SourceSpan(behind: String(decoding: before, as: UTF8.self))
  }

  private static func span(_ mark: yaml_mark_t) -> SourceSpan {
    SourceSpan(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private static func span(_ start: yaml_mark_t, _ end: yaml_mark_t) -> SourceSpan {
    let length = start.line == end.line ? Int(end.column) - Int(start.column) : 1
    return SourceSpan(line: Int(start.line) + 1, column: Int(start.column) + 1, length: length)
  }

  private static func kind(of event: yaml_event_t) -> YAMLEvent.Kind {
    switch event.type {
    case YAML_STREAM_START_EVENT, YAML_NO_EVENT: return .streamStart
    case YAML_STREAM_END_EVENT: return .streamEnd
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(string(event.data.alias.anchor) ?? "")
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(tag: string(start.tag), anchor: string(start.anchor))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(tag: string(start.tag), anchor: string(start.anchor))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    default:
      let scalar = event.data.scalar
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return .scalar(
        text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, tag: string(scalar.tag),
        anchor: string(scalar.anchor))
    }
  }

  private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(cString: $0) }
  }
}

/// A complaint of libyaml, with its marks counted from 1.
struct YAMLProblem: Error {
  let text: String
  let span: SourceSpan
  let context: String?
  let contextSpan: SourceSpan?
}

/// A value the file gave to a field.
struct ReadValue {
  let value: Value
  let span: SourceSpan
  let keySpan: SourceSpan
  /// Where each item of a mapping stands, by key.
  var itemSpans: [String: SourceSpan] = [:]
  var secretItems: Set<String> = []
}

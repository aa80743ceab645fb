import FoundationEssentials

/// `value` as JSON that is stable and pleasant to read: sorted keys, slashes as they are.
func json(_ value: some Encodable, isPretty: Bool = true) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting =
    isPretty
    ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
  // Our own types hold no value that JSON cannot say; a NaN would be a mistake of ours, told as such.
  do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
    preconditionFailure("a document of ours is not JSON: \(error)")
  }
}

/// Now, RFC 3339 in UTC.
func timestamp() -> String { Date.now.formatted(.iso8601) }

import FoundationEssentials
import JSON

/// `value` as JSON that is stable and pleasant to read: sorted keys, slashes as they are.
func json(_ value: some Encodable, isPretty: Bool = true) -> String {
  // A type of ours that refuses to be written would be a mistake of ours, told as such.
  do { return String(decoding: try JSONPrinter.print(value, isPretty: isPretty), as: UTF8.self) } catch {
    preconditionFailure("a document of ours is not JSON: \(error)")
  }
}

/// Now, RFC 3339 in UTC.
func timestamp() -> String { Date.now.formatted(.iso8601) }

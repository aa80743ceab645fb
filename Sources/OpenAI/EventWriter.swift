/// Writes server-sent events as the API streams them.
public enum EventWriter {
  /// The `Content-Type` of a stream.
  public static let contentType = "text/event-stream; charset=utf-8"

  /// What every complete stream ends with.
  public static let done = Array("data: [DONE]\n\n".utf8)

  /// One event, `data: <json>` and an empty line.
  ///
  /// - Parameter ids: the token ids that the event covers, told to the ingress in a comment line before it.
  public static func event(_ json: [UInt8], ids: [Int]? = nil) -> [UInt8] {
    var event: [UInt8] = []
    event.reserveCapacity(json.count + 8 + (ids.map { 7 + 8 * $0.count } ?? 0))
    if let ids { append(ids, to: &event) }
    event.append(contentsOf: "data: ".utf8)
    event.append(contentsOf: json)
    event.append(contentsOf: "\n\n".utf8)
    return event
  }

  /// A comment line `: ids 12,345` by itself, for tokens that give no text yet.
  public static func comment(ids: [Int]) -> [UInt8] {
    var comment: [UInt8] = []
    append(ids, to: &comment)
    return comment
  }

  private static func append(_ ids: [Int], to bytes: inout [UInt8]) {
    bytes.append(contentsOf: ": ids ".utf8)
    for (index, id) in ids.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: String(id).utf8)
    }
    bytes.append(0x0A)
  }
}

/// Writes server-sent events as the API streams them.
public enum EventWriter {
  /// The `Content-Type` of a stream.
  public static let contentType = "text/event-stream; charset=utf-8"

  /// What every complete stream ends with.
  public static let done = Array("data: [DONE]\n\n".utf8)

  /// One event, `data: <json>` and an empty line.
  ///
  /// - Parameter emitted: what the event carries, told to the ingress in a comment line before it.
  public static func event(_ json: [UInt8], emitted: EmittedTokens? = nil) -> [UInt8] {
    var event: [UInt8] = []
    event.reserveCapacity(json.count + 40)
    if let emitted { event.append(contentsOf: "\(EmittedTokens.commentPrefix)\(emitted.text)\n".utf8) }
    event.append(contentsOf: "data: ".utf8)
    event.append(contentsOf: json)
    event.append(contentsOf: "\n\n".utf8)
    return event
  }
}

import HTTP
import JSON
import Platform
import Testing

/// The text of a streamed answer, which must end in `[DONE]`; `action` happens once some of it has come.
@Loop
func streamedText(from stream: HTTPAnswer, _ action: @Loop () async throws -> Void) async throws -> String {
  var bytes: [UInt8] = []
  var hasActed = false
  while let piece = try await stream.read(until: .after(.seconds(30))) {
    bytes += piece
    guard !hasActed else { continue }
    hasActed = true
    try await action()
  }
  let events = String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter {
    $0.hasPrefix("data: ")
  }
  try #require(events.last == "data: [DONE]", "\(events.suffix(2))")
  return try events.dropLast().map {
    let chunk = try JSONValue(parsing: String($0.dropFirst("data: ".count)))
    return chunk["choices"]?.elements?.first?["delta"]?["content"]?.string ?? ""
  }.joined()
}

/// Begins a long streamed answer, the same one each time.
@Loop
func beginStream(_ endpoint: Endpoint) async throws -> HTTPAnswer {
  var head = HeadWriter(method: "POST", target: "/v1/chat/completions", host: "localhost")
  head.field("Content-Type", "application/json")
  let question =
    #"{"model":"operator-moe","messages":[{"role":"user","content":"What is a wave?"}],"#
    + #""max_tokens":200,"temperature":0.7,"seed":5,"ignore_eos":true,"stream":true}"#
  return try await HTTPClient(endpoint).send(
    "POST", head: head, body: Array(question.utf8), until: .after(.seconds(20)))
}

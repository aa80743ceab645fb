import HTTP
import JSON
import OpenAI
import Platform
import Testing

/// A stream that another rank goes on with, cut at every event: the client must not be able to tell.
@Suite struct `A resumed stream` {
  /// An event of a tracked stream: what it says it carries, and its data line.
  private struct Event: Equatable {
    let emitted: EmittedTokens
    let data: String
  }

  private static let ticket = RequestTicket(id: "t", seed: 11, created: 1_700_000_000)

  @Loop private func events(
    _ rank: EngineRank, _ path: String, _ body: String, after resumed: EmittedTokens = EmittedTokens()
  ) async throws -> [Event] {
    var fields = [(RequestTicket.field, Self.ticket.text)]
    if !resumed.isEmpty { fields.append((EmittedTokens.field, resumed.text)) }
    let answer = try await rank.stream(path, body, fields: fields)
    var bytes: [UInt8] = []
    while let piece = try await answer.read(until: .after(.seconds(30))) { bytes += piece }
    let text = String(decoding: bytes, as: UTF8.self)
    try #require(answer.head.status == 200, "\(text)")
    return text.split(separator: "\n\n").map { event in
      let lines = event.split(separator: "\n")
      let comment = lines.first { $0.hasPrefix(": ids ") }.map { $0.dropFirst(6) }
      return Event(
        emitted: comment.flatMap { EmittedTokens(parsing: $0) } ?? EmittedTokens(),
        data: lines.first { $0.hasPrefix("data: ") }.map(String.init) ?? "")
    }
  }

  @Test(arguments: [
    ("/v1/completions", #""prompt":"The","max_tokens":9,"temperature":0,"ignore_eos":true"#),
    ("/v1/completions", #""prompt":[5,6],"max_tokens":9,"temperature":1,"logprobs":2,"presence_penalty":1"#),
    ("/v1/completions", #""prompt":[5,6],"max_tokens":8,"repetition_penalty":1.5,"min_tokens":6"#),
    ("/v1/completions", #""prompt":"A","max_tokens":12,"temperature":0.9,"seed":3,"stop":["e","an"]"#),
    (
      "/v1/completions",
      #""prompt":"The","max_tokens":6,"temperature":0,"ignore_eos":true,"echo":true,"return_token_ids":true"#
    ),
    (
      "/v1/completions",
      #""prompt":[5,6],"max_tokens":8,"echo":true,"min_tokens":5,"min_p":0.01,"top_k":40,"#
        + #""frequency_penalty":0.5,"logit_bias":{"7":3,"9":-100},"stop_token_ids":[11,12],"include_stop_str_in_output":true"#
    ),
    (
      "/v1/chat/completions",
      #""messages":[{"role":"user","content":"Hi"}],"max_tokens":6,"ignore_eos":true,"logprobs":true,"#
        + #""top_logprobs":3,"return_token_ids":true,"top_p":0.9"#
    ),
    (
      "/v1/chat/completions",
      #""messages":[{"role":"user","content":"Hi"}],"max_tokens":7,"stream_options":{"include_usage":true,"continuous_usage_stats":true}"#
    ),
  ])
  @Loop func `is the rest of the whole one, byte for byte, wherever it was cut`(
    path: String, fields: String
  ) async throws {
    let group = try await EngineGroup(2)
    let body = "{\(fields),\"stream\":true}"
    let whole = try await events(group.ranks[0], path, body)
    #expect(whole.last?.data == "data: [DONE]" && whole.count > 3)
    var emitted = EmittedTokens()
    for (index, event) in whole.enumerated().dropLast() {
      // An event that carries nothing, such as the usage, cannot be told from none.
      guard !event.emitted.isEmpty else { continue }
      emitted.append(event.emitted)
      let rest = try await events(group.ranks[1], path, body, after: emitted)
      #expect(rest == Array(whole[(index + 1)...]), "cut after event \(index)")
    }
    await group.stop()
  }

  @Test @Loop func `of several choices goes on with each where it was`() async throws {
    let group = try await EngineGroup(1)
    let body = #"{"prompt":"The","n":3,"max_tokens":6,"temperature":1,"stream":true,"logprobs":0}"#
    let whole = try await events(group.ranks[0], "/v1/completions", body)
    func texts(_ events: ArraySlice<Event>) throws -> [Int: String] {
      var texts: [Int: String] = [:]
      for event in events where event.data != "data: [DONE]" {
        let choice = try JSONValue(parsing: String(event.data.dropFirst(6)))["choices"]?.elements?.first
        texts[choice?["index"]?.integer ?? -1, default: ""] += choice?["text"]?.string ?? ""
      }
      return texts
    }
    var emitted = EmittedTokens()
    for (index, event) in whole.enumerated().dropLast() {
      emitted.append(event.emitted)
      let rest = try await events(group.ranks[0], "/v1/completions", body, after: emitted)
      let joined = try texts(whole[...index]).merging(texts(rest[...])) { $0 + $1 }
      #expect(try joined == texts(whole[...]))
    }
    await group.stop()
  }

  @Test(arguments: ["x", "0=1", "7=1", "0=999999", "0=1,1,1,1,1"])
  @Loop func `is refused when it cannot be that request's`(resumed: String) async throws {
    let group = try await EngineGroup(1)
    let fields =
      resumed == "0=1" ? [] : [(RequestTicket.field, Self.ticket.text)]
    let answer = try await group.ranks[0].stream(
      "/v1/completions", #"{"prompt":[5],"max_tokens":4,"stream":true}"#,
      fields: fields + [(EmittedTokens.field, resumed)])
    #expect(answer.head.status == 400)
    await group.stop()
  }
}

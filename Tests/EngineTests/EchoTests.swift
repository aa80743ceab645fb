import HTTP
import JSON
import Platform
import Testing

@Suite struct `An echo` {
  @Loop private func choices(_ rank: EngineRank, _ fields: String) async throws -> [JSONValue] {
    let answer = try await rank.post("/v1/completions", "{\(fields)}")
    try #require(answer.status == 200, "\(answer.json)")
    return try #require(answer.json["choices"]?.elements)
  }

  @Loop private func texts(_ rank: EngineRank, _ fields: String) async throws -> [String] {
    try await choices(rank, fields).compactMap { $0["text"]?.string }
  }

  @Test @Loop func `is the prompt before the text, once for each choice, however the prompt was given`()
    async throws
  {
    let group = try await EngineGroup(1)
    let rank = group.ranks[0]
    let rest = #""max_tokens":6,"temperature":0,"ignore_eos":true"#
    let plain = try await texts(rank, #""prompt":["The","A b"],"n":2,\#(rest)"#)
    let echoed = try await texts(rank, #""prompt":["The","A b"],"n":2,"echo":true,\#(rest)"#)
    #expect(echoed == zip(["The", "The", "A b", "A b"], plain).map { $0 + $1 })
    let first = try await choices(rank, #""prompt":"The","return_token_ids":true,\#(rest)"#).first
    let ids = try #require(first?["prompt_token_ids"]?.elements).compactMap(\.integer)
    #expect(try await texts(rank, #""prompt":\#(ids),"echo":true,\#(rest)"#) == [echoed[0]])
    await group.stop()
  }

  @Test @Loop func `is not looked through for stop strings, and of a truncated prompt is what is left of it`()
    async throws
  {
    let group = try await EngineGroup(1)
    let rank = group.ranks[0]
    let stopped = try await texts(
      rank, #""prompt":"The","echo":true,"max_tokens":4,"temperature":0,"ignore_eos":true,"stop":["The"]"#)
    #expect(stopped.first?.hasPrefix("The") == true)
    let short = try await choices(
      rank,
      #""prompt":"one two three","echo":true,"max_tokens":1,"truncate_prompt_tokens":1,"return_token_ids":true"#
    )
    #expect(short.first?["prompt_token_ids"]?.elements?.count == 1)
    let text = try #require(short.first?["text"]?.string)
    #expect(!text.hasPrefix("one") && !text.isEmpty)
    await group.stop()
  }

  @Test @Loop func `comes with the first piece of a stream, which also tells the prompt's ids`() async throws
  {
    let group = try await EngineGroup(1)
    let rank = group.ranks[0]
    let fields = #""prompt":"The","max_tokens":5,"temperature":0,"ignore_eos":true,"return_token_ids":true"#
    let whole = try await choices(rank, fields + #","echo":true"#)
    let answer = try await rank.stream("/v1/completions", "{\(fields),\"echo\":true,\"stream\":true}")
    var bytes: [UInt8] = []
    while let piece = try await answer.read(until: .after(.seconds(30))) { bytes += piece }
    let pieces = try String(decoding: bytes, as: UTF8.self).split(separator: "\n\n").dropLast().compactMap {
      try JSONValue(parsing: String($0.dropFirst(6)))["choices"]?.elements?.first
    }
    #expect(pieces.compactMap { $0["text"]?.string }.joined() == whole.first?["text"]?.string)
    #expect(pieces.first?["prompt_token_ids"] == whole.first?["prompt_token_ids"])
    #expect(pieces.first?["prompt_token_ids"]?.elements?.isEmpty == false)
    #expect(pieces.dropFirst().allSatisfy { $0["prompt_token_ids"]?.elements == nil })
    await group.stop()
  }
}

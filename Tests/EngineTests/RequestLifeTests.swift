import Glibc
import HTTP
import JSON
import Platform
import Testing

@Suite struct `A request` {
  private static let long =
    #"{"prompt":[5,6,7],"max_tokens":2000,"temperature":0,"ignore_eos":true,"stream":true}"#

  @Loop private func text(of answer: HTTPAnswer) async throws -> String {
    var bytes: [UInt8] = []
    while let piece = try await answer.read(until: .after(.seconds(30))) { bytes += piece }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The JSON of each event but the last, which must be `[DONE]`.
  private func chunks(_ stream: String) throws -> [JSONValue] {
    let data = stream.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
    #expect(data.last == "[DONE]")
    return try data.dropLast().map { try JSONValue(parsing: $0) }
  }

  @Test @Loop func `streams what it would answer whole`() async throws {
    let group = try await EngineGroup(1)
    let rank = group.ranks[0]
    let body = #""messages":[{"role":"user","content":"Hi"}],"max_tokens":12,"temperature":0.8,"seed":5,"#
    let whole = try await rank.post("/v1/chat/completions", "{\(body)\"n\":2}")
    let streamed = try await text(
      of: rank.stream(
        "/v1/chat/completions", "{\(body)\"n\":2,\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
      ))
    let all = try chunks(streamed)
    #expect(all.last?["usage"] != nil && all.last?["choices"]?.elements?.isEmpty == true)
    for choice in try #require(whole.json["choices"]?.elements) {
      let index = choice["index"]
      let pieces = all.compactMap { $0["choices"]?.elements?.first }.filter { $0["index"] == index }
      #expect(pieces.first?["delta"]?["role"]?.string == "assistant")
      #expect(
        pieces.compactMap { $0["delta"]?["content"]?.string }.joined()
          == choice["message"]?["content"]?.string)
      #expect(pieces.last?["finish_reason"] == choice["finish_reason"])
    }
    #expect(whole.json["choices"]?.elements?.count == 2)
    #expect(all.last?["usage"]?["completion_tokens"] == whole.json["usage"]?["completion_tokens"])
    await group.stop()
  }

  @Test @Loop func `tells the ingress ids and times only when it asks`() async throws {
    let group = try await EngineGroup(1)
    let rank = group.ranks[0]
    let body = #"{"prompt":[5,6,7],"max_tokens":4,"temperature":0,"ignore_eos":true,"stream":true}"#
    let plain = try await rank.stream("/v1/completions", body)
    #expect(plain.head["x-dpdeploy-rank"] == "0")
    #expect(try await !text(of: plain).contains(": ids"))
    let tracked = try await text(
      of: rank.stream("/v1/completions", body, fields: [("X-Dpdeploy-Request", "seed=1;created=2;id=r1")]))
    let ids = tracked.split(separator: "\n").filter { $0.hasPrefix(": ids 0=") }.flatMap {
      $0.dropFirst(8).split(separator: ",").compactMap { Int32($0) }
    }
    #expect(ids == (try await rank.greedy([5, 6, 7], count: 4)))
    let whole = try await rank.stream(
      "/v1/completions", #"{"prompt":[5,6,7],"max_tokens":4}"#,
      fields: [("X-Dpdeploy-Request", "seed=1;created=2;id=r2")])
    #expect(whole.head["x-dpdeploy-output-tokens"] == "4" && whole.head["x-dpdeploy-prompt-tokens"] == "3")
    #expect(Int(whole.head["x-dpdeploy-ttft-us"] ?? "") ?? 0 > 0)
    await group.stop()
  }

  @Test @Loop func `gives the same text for the same seed, and another for another`() async throws {
    let group = try await EngineGroup(2)
    let ask = { @Loop (rank: Int, seed: Int) in
      try await group.ranks[rank].post(
        "/v1/completions", #"{"prompt":"The","max_tokens":24,"temperature":1,"seed":\#(seed)}"#
      ).json["choices"]?.elements?.first?["text"]
    }
    let first = try await ask(0, 1)
    #expect(try await ask(1, 1) == first)
    #expect(try await ask(0, 2) != first)
    await group.stop()
  }

  @Test @Loop func `whose client goes away is aborted and frees its blocks`() async throws {
    let group = try await EngineGroup(2)
    let rank = group.ranks[0]
    let answer = try await rank.stream("/v1/completions", Self.long)
    _ = try await answer.read(until: .after(.seconds(10)))
    #expect(try await rank.metric("vllm:kv_cache_usage_perc") > 0)
    answer.cancel()
    let deadline = Instant.after(.seconds(10))
    while try await rank.metric("vllm:kv_cache_usage_perc") > 0 {
      try #require(Instant.now < deadline, "the blocks are still held")
    }
    #expect(try await rank.metric("vllm:num_requests_running") == 0)
    let aborted = try await rank.get("/metrics").text.split(separator: "\n").first {
      $0.hasPrefix("vllm:request_success_total") && $0.contains(#"finished_reason="abort""#)
    }
    #expect(aborted?.hasSuffix(" 1") == true)
    await group.stop()
  }

  @Test @Loop func `under way is finished before a terminated engine exits`() async throws {
    let group = try await EngineGroup(2)
    let body = #"{"prompt":[5,6,7],"max_tokens":200,"temperature":0,"ignore_eos":true,"stream":true}"#
    let answer = try await group.ranks[0].stream("/v1/completions", body)
    for rank in group.ranks { rank.process.send(SIGTERM) }
    let all = try chunks(try await text(of: answer))
    #expect(all.last?["choices"]?.elements?.first?["finish_reason"]?.string == "length")
    for rank in group.ranks { #expect(await rank.end() == .exited(0), "\(rank.log)") }
    await group.stop()
  }

  @Test @Loop func `ends in an error event, not as if it were whole, when another rank dies`() async throws {
    let group = try await EngineGroup(2)
    let answer = try await group.ranks[0].stream("/v1/completions", Self.long)
    _ = try await answer.read(until: .after(.seconds(10)))
    group.ranks[1].process.send(SIGKILL)
    var stream = ""
    var isWhole = true
    do {
      while let piece = try await answer.read(until: .after(.seconds(10))) {
        stream += String(decoding: piece, as: UTF8.self)
      }
    } catch {
      isWhole = false
    }
    #expect(!isWhole && !stream.contains("[DONE]"))
    let last = try #require(stream.split(separator: "\n").last { $0.hasPrefix("data: ") })
    let error = try JSONValue(parsing: String(last.dropFirst(6)))["error"]
    #expect(error?["code"]?.integer == 500)
    #expect(error?["message"]?.string?.contains("rank 1") == true, "\(last)")
    let end = await group.ranks[0].end()
    #expect(end == .exited(75), "\(group.ranks[0].log)")
    #expect(group.ranks[0].log.contains("dpengine: error: rank 1 (process"), "\(group.ranks[0].log)")
    await group.stop()
  }

  @Test @Loop func `that meets its stop string ends there and frees its blocks`() async throws {
    let group = try await EngineGroup(1)
    let rank = group.ranks[0]
    let body = #""prompt":[5,6,7],"max_tokens":2000,"temperature":0,"ignore_eos":true"#
    let free = try await rank.post("/v1/completions", "{\(body)}").json["choices"]?.elements?.first?["text"]?
      .string
    let stop = String(try #require(free).dropFirst(40).prefix(3))
    let answer = try await rank.post("/v1/completions", "{\(body),\"stop\":\(quoted(stop))}").json
    let choice = answer["choices"]?.elements?.first
    #expect(choice?["finish_reason"]?.string == "stop" && choice?["stop_reason"]?.string == stop)
    let text = try #require(choice?["text"]?.string)
    #expect(free?.hasPrefix(text + stop) == true && !text.contains(stop))
    #expect(answer["usage"]?["completion_tokens"]?.integer ?? 2000 < 200)
    let deadline = Instant.after(.seconds(10))
    while try await rank.metric("vllm:kv_cache_usage_perc") > 0 {
      try #require(Instant.now < deadline, "the blocks are still held")
    }
    // It ended long before the 2000 tokens that it might have had.
    #expect(try await rank.metric("vllm:generation_tokens_total") < 2300)
    await group.stop()
  }

  /// The JSON spelling of any text.
  private func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar in
      let digits = String(scalar.value, radix: 16)
      return scalar.isASCII
        ? "\\u" + String(repeating: "0", count: 4 - digits.count) + digits : String(scalar)
    }
    return "\"" + scalars.joined() + "\""
  }

  @Test @Loop func `has a model to ask for, a health and a version`() async throws {
    let group = try await EngineGroup(1)
    let rank = group.ranks[0]
    #expect(try await rank.get("/health").status == 200)
    #expect(try await rank.get("/load").text == #"{"server_load":0}"#)
    let models = try JSONValue(parsing: try await rank.get("/v1/models").text)
    #expect(models["data"]?.elements?.first?["id"]?.string == "toy")
    #expect(models["data"]?.elements?.first?["max_model_len"]?.integer == 2048)
    #expect(try await rank.get("/v1/models/toy").status == 200)
    #expect(try await rank.get("/v1/models/other").status == 404)
    #expect(try JSONValue(parsing: try await rank.get("/version").text)["version"]?.string != nil)
    await group.stop()
  }
}

import HTTP
import JSON
import OpenAI
import Platform
import Testing

/// Against what PEFT computes (`Tests/Fixtures/make_toy_adapters.py`).
@Suite struct `An engine with adapters` {
  private static let folder = Fixtures.toy + "/adapters"
  private static let flags = ["--enable-lora", "--max-loras", "2"]

  private struct Prompt {
    let adapter: String?
    let tokens: [Int32]
    let greedy: [Int32]
  }

  /// The longer prompt of each adapter, and the model's own.
  private static func prompts() throws -> [Prompt] {
    try [nil, "all", "queries"].map { adapter in
      let golden = try Fixtures.json((adapter.map { folder + "/" + $0 } ?? Fixtures.toy) + "/golden.json")
      let entry = try #require(golden["prompts"]?.elements?[1])
      let ids: (String) -> [Int32] = { entry[$0]?.elements?.compactMap { $0.integer.map(Int32.init) } ?? [] }
      return Prompt(adapter: adapter, tokens: ids("prompt"), greedy: ids("greedy"))
    }
  }

  @Loop private func greedy(
    _ rank: EngineRank, _ prompt: [Int32], _ model: String?, fields: [(String, String)] = [], count: Int = 16
  ) async throws -> [Int32] {
    let body =
      #"{"model":"\#(model ?? "toy")","prompt":\#(prompt),"max_tokens":\#(count),"temperature":0,"#
      + #""ignore_eos":true,"return_token_ids":true}"#
    let answer = try await rank.post("/v1/completions", body, fields: fields)
    try #require(answer.status == 200, "\(answer.json)")
    #expect(answer.json["model"]?.string == model ?? "toy")
    return answer.json["choices"]?.elements?.first?["token_ids"]?.elements?.compactMap {
      $0.integer.map(Int32.init)
    } ?? []
  }

  /// All at once on two ranks, by both kinds of name, so that adapters mix in every step.
  @Test @Loop func `gives PEFT's tokens, adapters and the model itself mixed, on every rank`() async throws {
    let group = try await EngineGroup(
      2,
      arguments: Self.flags + [
        "--lora-folder", Self.folder, "--max-num-seqs", "8", "--max-num-batched-tokens", "48",
      ])
    let tasks = try group.ranks.flatMap { rank in
      try Self.prompts().flatMap { prompt in
        [prompt.adapter, prompt.adapter.map { "toy:" + $0 }].map { model in
          Task { @Loop in (prompt, try await greedy(rank, prompt.tokens, model)) }
        }
      }
    }
    for task in tasks {
      let (prompt, tokens) = try await task.value
      #expect(tokens == prompt.greedy, "\(prompt.adapter ?? "the model")")
    }
    await group.stop()
  }

  @Test @Loop func `shares no cached prefix between adapters`() async throws {
    let group = try await EngineGroup(
      1, arguments: Self.flags + ["--lora-folder", Self.folder, "--enable-prefix-caching"])
    let rank = group.ranks[0]
    let prompts = try Self.prompts()
    // 40 tokens are two whole blocks of 16; the first pass of each finds none of them, the second both.
    for pass in 0..<2 {
      for model in prompts {
        _ = try await greedy(rank, prompts[1].tokens, model.adapter, count: 1)
      }
      #expect(try await rank.metric("vllm:prefix_cache_hits_total") == Double(pass * 3 * 32))
    }
    #expect(try await greedy(rank, prompts[1].tokens, "all") == prompts[1].greedy)
    await group.stop()
  }

  @Test @Loop func `goes on with a lost rank's answer through the same adapter`() async throws {
    let group = try await EngineGroup(2, arguments: Self.flags + ["--lora-folder", Self.folder])
    let prompt = try Self.prompts()[1]
    var emitted = EmittedTokens()
    emitted.add(Array(prompt.greedy.prefix(7)), choice: 0)
    let fields = [
      (RequestTicket.field, RequestTicket(id: "t", seed: 1, created: 1).text),
      (EmittedTokens.field, emitted.text),
    ]
    #expect(try await greedy(group.ranks[1], prompt.tokens, "toy:all", fields: fields) == prompt.greedy)
    await group.stop()
  }

  @Test @Loop func `tells which adapters requests use`() async throws {
    let group = try await EngineGroup(1, arguments: Self.flags + ["--lora-folder", Self.folder])
    let rank = group.ranks[0]
    let prompt = try Self.prompts()[1]
    let labels: (String) -> String = {
      #"{max_lora="2",running_lora_adapters="\#($0)",waiting_lora_adapters=""} "#
    }
    let request = Task { @Loop in try await greedy(rank, prompt.tokens, "toy:all", count: 600) }
    let deadline = Instant.after(.seconds(20))
    while try await !rank.get("/metrics").text.contains("vllm:lora_requests_info" + labels("all")) {
      try #require(Instant.now < deadline, "the adapter was never told to be in use")
    }
    #expect(try await request.value.count == 600)
    #expect(try await rank.get("/metrics").text.contains("vllm:lora_requests_info" + labels("")))
    await group.stop()
  }

  @Test @Loop func `lists adapters with their parent, and refuses others with 404`() async throws {
    let group = try await EngineGroup(
      1, arguments: Self.flags + ["--lora-modules", "mine=\(Self.folder)/all", "--lora-folder", Self.folder])
    let rank = group.ranks[0]
    let cards = try JSONValue(parsing: try await rank.get("/v1/models").text)["data"]?.elements ?? []
    #expect(cards.map { $0["id"]?.string } == ["toy", "mine", "toy:all", "toy:queries"])
    #expect(cards.map { $0["parent"]?.string } == [nil, "toy", "toy", "toy"])
    #expect(try await rank.get("/v1/models/mine").status == 200)
    let refused = try await rank.post("/v1/completions", #"{"model":"toy:nope","prompt":[5]}"#)
    #expect(refused.status == 404 && refused.json["error"]?["param"]?.string == "model")
    #expect(try await rank.post("/v1/load_lora_adapter", "{}").status == 404)
    await group.stop()
  }

  @Test @Loop func `takes and forgets adapters at run time where that is allowed`() async throws {
    let folder = Fixtures.temporaryFolder()
    let rank = try EngineRank(
      socket: folder + "/r.sock",
      arguments: ["--model", Fixtures.toy, "--served-model-name", "toy"] + Self.flags,
      environment: ["VLLM_ALLOW_RUNTIME_LORA_UPDATING=True"])
    try #require(await rank.waitForLine(containing: "serves on"), "\(rank.log)")
    let load = #"{"lora_name":"new","lora_path":"\#(Self.folder)/all"}"#
    func post(_ verb: String, _ body: String) async throws -> Int {
      try await rank.client.request(
        "POST", "/v1/\(verb)_lora_adapter", body: Array(body.utf8), until: .after(.seconds(20))
      ).status
    }
    #expect(try await post("load", #"{"lora_name":"new"}"#) == 400)
    #expect(try await post("load", #"{"lora_name":"new","lora_path":"/nonexistent"}"#) == 404)
    #expect(try await post("load", load) == 200)
    #expect(try await post("load", load) == 400)
    let prompt = try Self.prompts()[1]
    #expect(try await greedy(rank, prompt.tokens, "new") == prompt.greedy)
    #expect(try await post("unload", #"{"lora_name":"new"}"#) == 200)
    #expect(try await post("unload", #"{"lora_name":"new"}"#) == 404)
    #expect(try await rank.post("/v1/completions", #"{"model":"new","prompt":[5]}"#).status == 404)
    rank.process.send(9)
    _ = await rank.end()
    Fixtures.remove(folder)
  }

  @Test(arguments: [
    (["--lora-modules", "a=/x"], "need --enable-lora"),
    (
      ["--enable-lora", "--lora-modules", "a=/nonexistent"], "/nonexistent/adapter_config.json: No such file"
    ),
    (["--enable-lora", "--lora-modules", "a"], "must be name=path, not 'a'"),
    (
      ["--enable-lora", "--max-lora-rank", "2", "--lora-modules", "a=" + Fixtures.toy + "/adapters/all"],
      "greater than max_lora_rank 2"
    ),
  ])
  @Loop func `does not start with adapters that it cannot serve`(arguments: [String], reason: String)
    async throws
  {
    let folder = Fixtures.temporaryFolder()
    let rank = try EngineRank(socket: folder + "/r.sock", arguments: ["--model", Fixtures.toy] + arguments)
    #expect(await rank.end() == .exited(78))
    #expect(rank.log.contains(reason), "\(rank.log)")
    Fixtures.remove(folder)
  }
}

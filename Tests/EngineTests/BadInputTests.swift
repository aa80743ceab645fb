import Glibc
import JSON
import Platform
import Testing

@Suite struct `A bad request` {
  struct Case: Sendable, CustomTestStringConvertible {
    let path: String
    let body: String
    let status: Int
    let parameter: String?
    /// A part of the message.
    let says: String
    var testDescription: String { "\(path) \(body.prefix(60))" }
  }

  static let completions = "/v1/completions"
  static let chat = "/v1/chat/completions"

  static let cases = [
    Case(path: completions, body: "{bad json", status: 400, parameter: "body.1", says: "line 1, column 2"),
    Case(path: completions, body: "[]", status: 400, parameter: "body", says: ""),
    Case(
      path: completions, body: #"{"model":"nope","prompt":"x"}"#, status: 404, parameter: "model",
      says: "The model `nope` does not exist. Valid aliases: toy."),
    Case(
      path: completions, body: #"{"prompt":"x","max_tokens":-1}"#, status: 400, parameter: "max_tokens",
      says: "max_tokens must be at least 1, got -1."),
    Case(
      path: completions, body: #"{"prompt":"x","max_tokens":5000}"#, status: 400, parameter: "max_tokens",
      says: "max_tokens=5000 cannot be greater than max_model_len=64"),
    Case(
      path: completions, body: #"{"prompt":\#([Int](repeating: 9, count: 64)),"max_tokens":1}"#, status: 400,
      parameter: "input_tokens", says: "maximum context length is 64 tokens"),
    Case(
      path: completions, body: #"{"prompt":\#([Int](repeating: 9, count: 60)),"max_tokens":5}"#, status: 400,
      parameter: "input_tokens", says: "65 in total"),
    Case(
      path: completions, body: #"{"prompt":"x","temperature":-3}"#, status: 400, parameter: "temperature",
      says: "temperature must be non-negative"),
    Case(
      path: completions, body: #"{"prompt":"x","stream_options":{"include_usage":true}}"#, status: 400,
      parameter: "stream_options", says: "stream=True"),
    Case(path: completions, body: #"{"max_tokens":5}"#, status: 400, parameter: "prompt", says: "prompt"),
    Case(
      path: completions, body: #"{"prompt":[1,320]}"#, status: 400, parameter: "prompt", says: "Token id 320"),
    Case(path: completions, body: #"{"prompt":""}"#, status: 400, parameter: "prompt", says: "no tokens"),
    Case(
      path: completions, body: #"{"prompt":"x","top_p":0}"#, status: 400, parameter: "top_p", says: "(0, 1]"),
    Case(path: completions, body: #"{"prompt":"x","n":0}"#, status: 400, parameter: "n", says: "at least 1"),
    Case(path: completions, body: #"{"prompt":"x","n":500}"#, status: 400, parameter: "n", says: "at most"),
    Case(
      path: completions, body: #"{"prompt":"x","max_tokens":"many"}"#, status: 400,
      parameter: "body.max_tokens",
      says: "integer"),
    Case(
      path: completions, body: #"{"prompt":"x","prompt_logprobs":2,"stream":true}"#, status: 400,
      parameter: "prompt_logprobs",
      says: "not available when `stream=True`"),
    Case(
      path: completions, body: #"{"prompt":"x","logit_bias":{"500":1}}"#, status: 400,
      parameter: "logit_bias",
      says: "Token id 500 is out of vocabulary."),
    Case(
      path: completions, body: #"{"prompt":"x","prompt_logprobs":21}"#, status: 400,
      parameter: "prompt_logprobs",
      says: "must be in [0, 20], got 21"),
    Case(
      path: completions, body: #"{"prompt":"x","priority":1}"#, status: 400, parameter: "priority",
      says: "--scheduling-policy priority"),
    Case(
      path: completions, body: #"{"prompt":"x","allowed_token_ids":[5]}"#, status: 400,
      parameter: "allowed_token_ids", says: "allowed_token_ids is not supported"),
    Case(
      path: completions, body: #"{"prompt":"x","best_of":4}"#, status: 400, parameter: "best_of",
      says: "best_of is not supported"),
    Case(
      path: completions, body: #"{"prompt":"x","suffix":"y"}"#, status: 400, parameter: "suffix",
      says: "suffix"),
    Case(path: chat, body: #"{"messages":[]}"#, status: 400, parameter: nil, says: "empty conversation"),
    Case(path: chat, body: #"{"messages":"hi"}"#, status: 400, parameter: "body.messages", says: "list"),
    Case(
      path: chat, body: #"{"messages":[{"role":"robot","content":"x"}]}"#, status: 400, parameter: "messages",
      says: "unknown role: robot"),
    Case(
      path: chat, body: #"{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}"#,
      status: 400,
      parameter: "tools", says: "tools is not supported"),
    Case(
      path: chat,
      body: #"{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}"#,
      status: 400,
      parameter: "response_format", says: "response_format is not supported"),
    Case(
      path: chat, body: #"{"messages":[{"role":"user","content":"x"}],"bad_words":["a"]}"#, status: 400,
      parameter: "bad_words", says: "bad_words is not supported"),
    Case(path: "/nosuch", body: "{}", status: 404, parameter: nil, says: "Not Found"),
    Case(path: "/v1/models", body: "{}", status: 405, parameter: nil, says: "only GET"),
  ]

  @Test @Loop func `gets the right status, the field's name and a clear message, and leaves nothing behind`()
    async throws
  {
    let group = try await EngineGroup(1, arguments: ["--max-model-len", "64"])
    let rank = group.ranks[0]
    for entry in Self.cases {
      let answer = try await rank.post(entry.path, entry.body)
      let error = answer.json["error"]
      #expect(answer.status == entry.status, "\(entry.testDescription): \(answer.json)")
      #expect(error?["code"]?.integer == entry.status, "\(entry.testDescription)")
      #expect(error?["param"]?.string == entry.parameter, "\(entry.testDescription): \(answer.json)")
      #expect(
        error?["message"]?.string?.contains(entry.says) == true, "\(entry.testDescription): \(answer.json)")
    }
    #expect(try await rank.metric("vllm:num_requests_running") == 0)
    #expect(try await rank.metric("dpdeploy:steps_total") == 0)
    #expect(
      try await rank.post(Self.completions, #"{"prompt":"x","max_tokens":2,"unknown_field":1}"#).status == 200
    )
    await group.stop()
  }
}

extension String {
  /// Whether `part` occurs; the standard library alone has no such search without Foundation's overlay.
  func contains(_ part: String) -> Bool {
    part.isEmpty || indices.contains { self[$0...].hasPrefix(part) }
  }
}

@Suite struct `A start that cannot succeed` {
  /// A copy of the toy model whose files may be spoilt.
  private func spoiltModel(_ spoil: (String) throws -> Void) throws -> String {
    let folder = Fixtures.temporaryFolder()
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"] {
      try Fixtures.write(try Fixtures.bytes(Fixtures.toy + "/" + name), to: folder + "/" + name)
    }
    try spoil(folder)
    return folder
  }

  @Loop private func failure(_ arguments: [String]) async throws -> (Platform.ExitStatus?, String) {
    let socket = Fixtures.temporaryFolder() + "/r.sock"
    let rank = try EngineRank(socket: socket, arguments: arguments)
    let end = await rank.end()
    let lines = rank.log.split(separator: "\n").filter { $0.hasPrefix("dpengine: error: ") }
    #expect(lines.count == 1, "\(rank.log)")
    return (end, String(lines.first ?? ""))
  }

  @Test(arguments: [
    (["--model", "/nonexistent"], "/nonexistent/config.json: No such file or directory"),
    (["--modle", "x"], "unknown option --modle"),
    ([], "--model is missing"),
    (["--model", Fixtures.toy, "--max-num-seqs", "many"], "--max-num-seqs must be a whole number"),
    (
      ["--model", Fixtures.toy, "--accelerator-memory", "1000000"],
      "no memory is left for the KV cache: accelerator_memory 1.0 MiB x gpu_memory_utilization 0.9"
    ),
    (["--model", Fixtures.toy, "--accelerator-memory", "1000000"], "raise accelerator_memory to at least "),
    (
      ["--model", Fixtures.toy, "--no-enable-chunked-prefill", "--max-num-batched-tokens", "512"],
      "max_num_batched_tokens (512) is below max_model_len (2048)"
    ),
    (["--model", Fixtures.toy, "--scheduling-policy", "lifo"], "must be fcfs or priority, not 'lifo'"),
    (
      ["--model", Fixtures.toy, "--max-model-len", "4096"],
      "max_model_len 4096 is greater than the model's max_position_embeddings 2048"
    ),
    (["--model", Fixtures.toy, "--data-parallel-size", "2"], "needs --group-fd"),
    (["--model", Fixtures.toy, "--all2all-backend", "pplx"], "--all2all-backend must be one of "),
    (["--model", Fixtures.toy, "--nodes", "0,1"], "--nodes names 2 nodes"),
    (
      ["--model", Fixtures.toy, "--links", #"{"0-0":"down"}"#], "'0-0' is neither inter, intra nor two nodes"
    ),
    (["--model", Fixtures.toy, "--links", #"{"inter":{"gbps":0}}"#], "gbps of inter must be above 0"),
    (
      [
        "--model", Fixtures.toy, "--links", #"{"inter":"down"}"#, "--nodes", "0,1", "--data-parallel-size",
        "2",
        "--group-fd", "0",
      ],
      "link 0-1 is down: nothing passes between ranks 0 and 1"
    ),
    (
      [
        "--model", Fixtures.toy, "--moe-dp-chunk-size", "4096", "--max-num-batched-tokens", "4096",
        "--all2all-backend", "deepep_low_latency", "--accelerator-memory", "9000000", "--max-num-seqs", "16",
      ],
      "or lower VLLM_MOE_DP_CHUNK_SIZE to at most "
    ),
    (
      ["--model", Fixtures.toy, "--data-parallel-size", "2", "--data-parallel-rank", "2"],
      "--data-parallel-rank 2"
    ),
    (["--model", Fixtures.toy, "--max-num-batched-tokens", "8"], "max_num_batched_tokens (8)"),
  ])
  @Loop func `exits 78 with one line that names the cause`(arguments: [String], reason: String) async throws {
    let (end, line) = try await failure(arguments)
    #expect(end == .exited(78), "\(line)")
    #expect(line.contains(reason), "\(line)")
  }

  @Test @Loop func `names the file that is truncated`() async throws {
    let folder = try spoiltModel { folder in
      let weights = try Fixtures.bytes(folder + "/model.safetensors")
      try Fixtures.write(Array(weights.dropLast(1000)), to: folder + "/model.safetensors")
    }
    let (end, line) = try await failure(["--model", folder])
    #expect(end == .exited(78))
    #expect(line.contains("model.safetensors: truncated"), "\(line)")
    Fixtures.remove(folder)
  }

  @Test @Loop func `names the tensor whose shape is wrong`() async throws {
    let folder = try spoiltModel { folder in
      let text = String(decoding: try Fixtures.bytes(folder + "/config.json"), as: UTF8.self)
      let spoilt = text.split(separator: "\n").map {
        $0.contains(#""moe_intermediate_size""#) ? #"  "moe_intermediate_size": 25,"# : String($0)
      }
      try Fixtures.write(Array(spoilt.joined(separator: "\n").utf8), to: folder + "/config.json")
    }
    let (end, line) = try await failure(["--model", folder])
    #expect(end == .exited(78))
    #expect(line.contains("mlp.") && line.contains("expected shape") && line.contains("25"), "\(line)")
    Fixtures.remove(folder)
  }

  @Test @Loop func `on a taken socket is told apart from a wrong configuration`() async throws {
    let group = try await EngineGroup(1)
    let rank = try EngineRank(socket: group.socket(0), arguments: ["--model", Fixtures.toy])
    #expect(await rank.end() == .exited(1))
    #expect(rank.log.contains("cannot listen on unix:"), "\(rank.log)")
    await group.stop()
  }
}

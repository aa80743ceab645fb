import JSON
import OpenAI
import Testing

/// The expected texts are vLLM 0.32's own answers.
@Suite struct `Writing responses` {
  private let completion = CompletionWriter(
    ResponseIdentity(
      id: "cmpl-91c08c790eb3051a", created: 1_795_481_601, model: "tiny-moe",
      systemFingerprint: "vllm-0.32.0-3e69e0aa"))
  private let chat = ChatWriter(
    ResponseIdentity(
      id: "chatcmpl-a088a4906ac5f1d2", created: 1_795_481_601, model: "tiny-moe",
      systemFingerprint: "vllm-0.32.0-3e69e0aa"))

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `a completion is vLLM's`() {
    let response = completion.response(
      [.init(index: 0, text: "\u{FFFD} zrh\u{FFFD} zrh", finish: Finish(.length))],
      usage: TokenUsage(promptTokens: 3, completionTokens: 4))
    #expect(
      text(response)
        == #"{"id":"cmpl-91c08c790eb3051a","object":"text_completion","created":1795481601,"model":"tiny-moe","choices":[{"index":0,"text":"� zrh� zrh","logprobs":null,"finish_reason":"length","stop_reason":null,"token_ids":null,"prompt_logprobs":null,"prompt_token_ids":null,"routed_experts":null}],"service_tier":null,"system_fingerprint":"vllm-0.32.0-3e69e0aa","usage":{"prompt_tokens":3,"total_tokens":7,"completion_tokens":4,"prompt_tokens_details":null,"completion_tokens_details":null},"kv_transfer_params":null,"ec_transfer_params":null,"metrics":null}"#
    )
  }

  @Test func `a chat completion is vLLM's`() {
    let response = chat.response(
      [.init(index: 0, text: "au:au", finish: Finish(.length))],
      usage: TokenUsage(promptTokens: 15, completionTokens: 3))
    #expect(
      text(response)
        == #"{"id":"chatcmpl-a088a4906ac5f1d2","object":"chat.completion","created":1795481601,"model":"tiny-moe","choices":[{"index":0,"message":{"role":"assistant","content":"au:au","refusal":null,"annotations":null,"audio":null,"function_call":null,"reasoning":null},"logprobs":null,"finish_reason":"length","stop_reason":null,"token_ids":null,"routed_experts":null}],"service_tier":null,"system_fingerprint":"vllm-0.32.0-3e69e0aa","usage":{"prompt_tokens":15,"total_tokens":18,"completion_tokens":3,"prompt_tokens_details":null,"completion_tokens_details":null},"prompt_logprobs":null,"prompt_token_ids":null,"prompt_text":null,"kv_transfer_params":null,"ec_transfer_params":null,"metrics":null}"#
    )
  }

  @Test func `a completion's chunks are vLLM's`() {
    #expect(
      text(completion.chunk(.init(index: 0, text: "")))
        == #"{"id":"cmpl-91c08c790eb3051a","object":"text_completion","created":1795481601,"model":"tiny-moe","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":null,"stop_reason":null,"prompt_token_ids":null,"token_ids":null}]}"#
    )
    #expect(
      text(
        completion.chunk(
          .init(index: 0, text: "", finish: Finish(.length)),
          usage: TokenUsage(promptTokens: 3, completionTokens: 3)))
        == #"{"id":"cmpl-91c08c790eb3051a","object":"text_completion","created":1795481601,"model":"tiny-moe","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"length","stop_reason":null,"prompt_token_ids":null,"token_ids":null}],"usage":{"prompt_tokens":3,"total_tokens":6,"completion_tokens":3}}"#
    )
    #expect(
      text(completion.usageChunk(TokenUsage(promptTokens: 3, completionTokens: 3)))
        == #"{"id":"cmpl-91c08c790eb3051a","object":"text_completion","created":1795481601,"model":"tiny-moe","choices":[],"usage":{"prompt_tokens":3,"total_tokens":6,"completion_tokens":3},"system_fingerprint":"vllm-0.32.0-3e69e0aa"}"#
    )
  }

  @Test func `a chat's chunks are vLLM's`() {
    #expect(
      text(chat.roleChunk(index: 0))
        == #"{"id":"chatcmpl-a088a4906ac5f1d2","object":"chat.completion.chunk","created":1795481601,"model":"tiny-moe","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"prompt_token_ids":null,"prompt_text":null}"#
    )
    #expect(
      text(chat.chunk(.init(index: 0, text: "au")))
        == #"{"id":"chatcmpl-a088a4906ac5f1d2","object":"chat.completion.chunk","created":1795481601,"model":"tiny-moe","choices":[{"index":0,"delta":{"content":"au"},"logprobs":null,"finish_reason":null,"token_ids":null}]}"#
    )
    #expect(
      text(chat.chunk(.init(index: 0, text: ":", finish: Finish(.length)), isLast: true))
        == #"{"id":"chatcmpl-a088a4906ac5f1d2","object":"chat.completion.chunk","created":1795481601,"model":"tiny-moe","choices":[{"index":0,"delta":{"content":":"},"logprobs":null,"finish_reason":"length","stop_reason":null,"token_ids":null}],"system_fingerprint":"vllm-0.32.0-3e69e0aa"}"#
    )
    #expect(
      text(chat.usageChunk(TokenUsage(promptTokens: 15, completionTokens: 3)))
        == #"{"id":"chatcmpl-a088a4906ac5f1d2","object":"chat.completion.chunk","created":1795481601,"model":"tiny-moe","choices":[],"usage":{"prompt_tokens":15,"total_tokens":18,"completion_tokens":3},"system_fingerprint":"vllm-0.32.0-3e69e0aa"}"#
    )
  }

  @Test func `an error is vLLM's, whole and as an event`() {
    let error = APIError.unknownModel("nope", served: ["tiny-moe"])
    let body =
      #"{"error":{"message":"The model `nope` does not exist. Valid aliases: tiny-moe.","type":"NotFoundError","param":"model","code":404}}"#
    #expect(text(error.body) == body)
    #expect(text(error.event) == "data: \(body)\n\n")
    #expect(text(APIError.internalError("x").body).contains(#""param":null,"code":500"#))
  }

  @Test func `log probabilities are valid JSON of the API's shape`() throws {
    let token = TokenLogprob(
      chosen: .init(text: "é\"", bytes: [0xC3, 0xA9, 0x22], logprob: -0.5),
      top: [.init(text: "b", bytes: [98], logprob: -.infinity)])
    var piece = CompletionWriter.Piece(index: 1, text: "é\"")
    piece.logprobs = [token, token]
    piece.textOffset = 10
    let chunk = try JSONValue(parsing: completion.chunk(piece))
    let logprobs = chunk["choices"]?.elements?.first?["logprobs"]
    #expect(logprobs?["tokens"] == .array([.string("é\""), .string("é\"")]))
    #expect(logprobs?["token_logprobs"] == .array([.number(-0.5), .number(-0.5)]))
    #expect(logprobs?["text_offset"] == .array([.integer(10), .integer(12)]))
    #expect(logprobs?["top_logprobs"]?.elements?.first == .object([JSONMember("b", .number(-9999))]))
    var chatPiece = ChatWriter.Piece(index: 0, text: "é\"", finish: Finish(.stop, stop: .token(2)))
    chatPiece.logprobs = [token]
    chatPiece.tokenIDs = [7]
    let choice = try #require(try JSONValue(parsing: chat.chunk(chatPiece))["choices"]?.elements?.first)
    let content = choice["logprobs"]?["content"]?.elements?.first
    #expect(content?["token"]?.string == "é\"")
    #expect(content?["bytes"] == .array([.integer(0xC3), .integer(0xA9), .integer(0x22)]))
    #expect(content?["top_logprobs"]?.elements?.first?["logprob"]?.double == -9999)
    #expect(choice["stop_reason"]?.integer == 2)
    #expect(choice["token_ids"] == .array([.integer(7)]))
  }

  @Test func `every character survives`() throws {
    let all = (0..<0x180).compactMap { Unicode.Scalar($0).map(String.init) }.joined() + "\u{2028}😀"
    let chunk = try JSONValue(parsing: completion.chunk(.init(index: 0, text: all)))
    #expect(chunk["choices"]?.elements?.first?["text"]?.string == all)
  }

  @Test func `models are listed`() throws {
    let card = ModelCard(id: "a/b", root: "/m", created: 5, maxModelLength: 1024)
    let list = try JSONValue(parsing: ModelCard.list([card]))
    #expect(list["data"]?.elements?.first?["id"]?.string == "a/b")
    #expect(list["data"]?.elements?.first?["max_model_len"]?.integer == 1024)
    #expect(list["data"]?.elements?.first == (try JSONValue(parsing: card.body)))
  }

  @Test func `an event tells its token ids in a comment before the data`() {
    #expect(text(EventWriter.event(Array("{}".utf8))) == "data: {}\n\n")
    var emitted = EmittedTokens()
    emitted.add([12, 345], choice: 1)
    let event = EventWriter.event(Array("{}".utf8), emitted: emitted)
    #expect(text(event) == ": ids 1=12,345\ndata: {}\n\n")
  }
}

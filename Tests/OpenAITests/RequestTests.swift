import JSON
import OpenAI
import Randomness
import Testing

@Suite struct `Reading requests` {
  private func completion(_ json: String) throws(APIError) -> CompletionRequest {
    try RequestReader().completion(Array(json.utf8))
  }

  private func chat(_ json: String) throws(APIError) -> ChatRequest {
    try RequestReader().chat(Array(json.utf8))
  }

  @Test func `a completion has all its fields`() throws {
    let request = try completion(
      """
      {"model":"m","prompt":"Hi \\u00e9\\n","max_tokens":7,"temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.1,
       "n":2,"seed":-5,"stop":["a","b"],"stop_token_ids":[1,2],"ignore_eos":true,"min_tokens":3,"logprobs":4,
       "echo":true,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},
       "presence_penalty":1,"frequency_penalty":-1.5,"repetition_penalty":1.1,"logit_bias":{"50":-200,"7":1.5},
       "skip_special_tokens":false,"include_stop_str_in_output":true,"user":"u","request_id":"r","session_id":"s",
       "cache_salt":"c","priority":-1,"truncate_prompt_tokens":9,"return_token_ids":true,"unknown":{"x":[1]}}
      """)
    var expected = CompletionRequest(prompts: [.text("Hi é\n")])
    expected.envelope.model = "m"
    expected.envelope.isStreaming = true
    expected.envelope.includesUsage = true
    expected.envelope.hasContinuousUsage = true
    expected.envelope.user = "u"
    expected.envelope.requestID = "r"
    expected.envelope.sessionID = "s"
    expected.envelope.cacheSalt = "c"
    expected.envelope.priority = -1
    expected.envelope.truncatePromptTokens = 9
    expected.envelope.returnsTokenIDs = true
    expected.echoesPrompt = true
    expected.sampling.choiceCount = 2
    expected.sampling.temperature = 0.5
    expected.sampling.topP = 0.9
    expected.sampling.topK = 40
    expected.sampling.minP = 0.1
    expected.sampling.seed = -5
    expected.sampling.maxTokens = 7
    expected.sampling.minTokens = 3
    expected.sampling.stop = ["a", "b"]
    expected.sampling.stopTokenIDs = [1, 2]
    expected.sampling.includesStopString = true
    expected.sampling.ignoresEOS = true
    expected.sampling.skipsSpecialTokens = false
    expected.sampling.presencePenalty = 1
    expected.sampling.frequencyPenalty = -1.5
    expected.sampling.repetitionPenalty = 1.1
    expected.sampling.logitBias = [50: -100, 7: 1.5]
    expected.sampling.logprobs = 4
    expected.sampling.echoLogprobs = 4
    #expect(request == expected)
  }

  @Test func `nothing is generated behind an echo of max_tokens 0`() throws {
    let request = try completion(#"{"prompt":"x","echo":true,"max_tokens":0,"logprobs":2}"#)
    #expect(request.sampling.generatesNothing && request.sampling.echoLogprobs == 2)
    let other = try completion(#"{"prompt":"x","echo":true,"max_tokens":1}"#)
    #expect(!other.sampling.generatesNothing && other.sampling.echoLogprobs == nil)
  }

  @Test func `what would change the answer and is not understood is named, unless it says nothing`() throws {
    let request = try completion(
      """
      {"prompt":"x","bad_words":["a"],"guided_json":{"type":"object"},"allowed_token_ids":null,"use_beam_search":false,
       "structured_outputs":{},"best_of":3,"n":2,"response_format":{"type":"json_object"},"unknown":1}
      """)
    #expect(
      Set(request.envelope.uninterpreted) == ["bad_words", "guided_json", "best_of", "response_format"])
    #expect(
      try completion(#"{"prompt":"x","n":2,"best_of":2,"response_format":{"type":"text"}}"#)
        .envelope.uninterpreted == [])
    #expect(
      try chat(#"{"messages":[{"role":"user"}],"allowed_token_ids":[1],"add_special_tokens":true}"#)
        .envelope.uninterpreted == ["allowed_token_ids", "add_special_tokens"])
    #expect(try !completion(#"{"prompt":"x","add_special_tokens":false}"#).addsSpecialTokens)
  }

  @Test func `defaults are vLLM's`() throws {
    let request = try completion(#"{"prompt":"x","temperature":null,"stop":null}"#)
    #expect(request.sampling.maxTokens == 16)
    #expect(request.sampling.temperature == nil)
    #expect(request.envelope.model == nil)
    #expect(!request.envelope.isStreaming)
    #expect(try chat(#"{"messages":[{"role":"user"}]}"#).sampling.maxTokens == nil)
  }

  @Test(arguments: [
    (#""a""#, [Prompt.text("a")]),
    (#"["a","b"]"#, [.text("a"), .text("b")]),
    ("[1,2]", [.tokens([1, 2])]),
    ("[[1],[2,3]]", [.tokens([1]), .tokens([2, 3])]),
  ])
  func `a prompt has four forms`(json: String, prompts: [Prompt]) throws {
    #expect(try completion(#"{"prompt":\#(json)}"#).prompts == prompts)
  }

  @Test func `a chat has its messages, also of parts`() throws {
    let request = try chat(
      """
      {"messages":[{"role":"system","content":"S"},{"role":"user","content":[{"type":"text","text":"a"},
       {"type":"text","text":"b"}],"name":"n"}],"max_tokens":3,"max_completion_tokens":9,"logprobs":true,
       "top_logprobs":2,"response_format":{"type":"json_object"},"tools":[{"type":"function"}],
       "chat_template_kwargs":{"enable_thinking":false,"list":[1,2.5,"x",null]},"reasoning_effort":"low",
       "add_generation_prompt":false,"continue_final_message":true,"stop":"END"}
      """)
    #expect(request.messages[0] == ChatMessage(role: "system", content: "S"))
    #expect(request.messages[1] == ChatMessage(role: "user", content: "a\nb", name: "n"))
    #expect(request.sampling.maxTokens == 9)
    #expect(request.sampling.logprobs == 2)
    #expect(request.sampling.stop == ["END"])
    #expect(request.responseFormat == .jsonObject)
    #expect(request.hasTools)
    #expect(request.reasoningEffort == "low")
    #expect(request.continuesFinalMessage)
    #expect(
      request.templateArguments == [
        JSONMember("enable_thinking", .bool(false)),
        JSONMember("list", .array([.integer(1), .number(2.5), .string("x"), .null])),
      ])
  }

  @Test func `the last of equal names counts, as in Python`() throws {
    #expect(try completion(#"{"prompt":"x","max_tokens":1,"max_tokens":2}"#).sampling.maxTokens == 2)
    let outline = try RequestReader().outline(Array(#"{"model":"a","stream":true,"model":"b"}"#.utf8))
    #expect(outline.model == "b")
  }

  @Test(arguments: [
    (#"{"model":1,"prompt":"x"}"#, "body.model", "Input should be a valid string"),
    (#"{"prompt":"x","max_tokens":"many"}"#, "body.max_tokens", "'input': 'many'"),
    (#"{"prompt":"x","max_tokens":1.5}"#, "body.max_tokens", "valid integer"),
    (#"{"prompt":"x","stream":1}"#, "body.stream", "valid boolean"),
    (#"{"prompt":"x","stop":["a",2]}"#, "body.stop.1", "valid string"),
    (#"{"prompt":"x","stop_token_ids":["a"]}"#, "body.stop_token_ids.0", "valid integer"),
    (#"{"prompt":{"a":1}}"#, "body.prompt", "<dict of 1 items>"),
    (#"{"prompt":["a",2]}"#, "body.prompt", "valid string"),
    (#"{"prompt":"x","logit_bias":{"a":1}}"#, "body.logit_bias.a", "token ids"),
    (#"{"prompt":"x","stream":true,"stream_options":3}"#, "body.stream_options", "dictionary"),
    ("[1]", "body", "dictionary"),
  ])
  func `a wrong type names its field`(json: String, parameter: String, part: String) {
    #expect { try completion(json) } throws: { error in
      let error = error as? APIError
      return error?.status == 400 && error?.type == "Bad Request" && error?.parameter == parameter
        && error?.message.contains(part) == true
    }
  }

  @Test(arguments: [
    (
      #"{"prompt":"x","max_tokens":-1}"#, "max_tokens",
      "max_tokens must be at least 1, got -1. (parameter=max_tokens, value=-1)"
    ),
    (
      #"{"prompt":"x","max_tokens":0}"#, "max_tokens",
      "max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)"
    ),
    (
      #"{"prompt":"x","temperature":-3}"#, "temperature",
      "temperature must be non-negative, got -3.0. (parameter=temperature, value=-3.0)"
    ),
    (
      #"{"prompt":"x","stream_options":{"include_usage":true}}"#, "stream_options",
      "Stream options can only be defined when `stream=True`. (parameter=stream_options)"
    ),
    (
      #"{"max_tokens":5}"#, "prompt",
      "Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)"
    ),
    (
      #"{"prompt":[]}"#, "prompt",
      "Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)"
    ),
  ])
  func `a wrong value is refused in vLLM's words`(json: String, parameter: String, message: String) {
    #expect(throws: APIError.badRequest(message, parameter: parameter)) { try completion(json) }
  }

  @Test(arguments: [
    #""top_p":0"#, #""top_p":1.5"#, #""top_k":-2"#, #""min_p":2"#, #""n":0"#, #""min_tokens":-1"#,
    #""min_tokens":99"#,
    #""presence_penalty":3"#, #""frequency_penalty":-2.1"#, #""repetition_penalty":0"#, #""logprobs":21"#,
    #""logprobs":-1"#, #""stop":"""#, #""suffix":"x""#, #""prompt_logprobs":-1"#,
  ])
  func `a value out of range is refused`(member: String) {
    #expect(throws: APIError.self) { try completion(#"{"prompt":"x",\#(member)}"#) }
  }

  @Test(
    arguments: [
      (
        #"{"messages":[]}"#, nil,
        "Cannot apply chat template to an empty conversation. Provide at least one message."
      ),
      (
        #"{"messages":"hi"}"#, "body.messages",
        "1 validation error:\n  {'type': 'list_type', 'loc': 'body.messages', 'msg': 'Input should be a valid list', 'input': 'hi'}"
      ),
    ] as [(String, String?, String)])
  func `wrong messages are refused in vLLM's words`(json: String, parameter: String?, message: String) {
    #expect { try chat(json) } throws: { error in
      let error = error as? APIError
      return error?.status == 400 && error?.parameter == parameter && error?.message == message
    }
  }

  @Test(arguments: [
    #"{"model":"m"}"#, #"{"messages":[{"content":"x"}]}"#, #"{"messages":[1]}"#,
    #"{"messages":[{"role":"user","content":5}]}"#,
    #"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#,
    #"{"messages":[{"role":"user"}],"tools":[]}"#,
    #"{"messages":[{"role":"user"}],"tool_choice":"required"}"#,
    #"{"messages":[{"role":"user"}],"top_logprobs":2}"#,
    #"{"messages":[{"role":"user"}],"response_format":{"type":"xml"}}"#,
    #"{"messages":[{"role":"user"}],"continue_final_message":true}"#,
  ])
  func `a wrong chat is refused`(json: String) {
    #expect { try chat(json) } throws: { ($0 as? APIError)?.status == 400 }
  }

  @Test(arguments: [
    ("{bad json", 1), ("", 0), (#"{"prompt":"x",}"#, 14), ("{\n \"prompt\": tru}", 13), (#"{"a":"b"#, 5),
  ])
  func `what is not JSON is told with its place`(json: String, position: Int) {
    #expect { try completion(json) } throws: { error in
      let error = error as? APIError
      return error?.status == 400 && error?.parameter == "body.\(position)"
        && error?.message.hasPrefix(
          "1 validation error:\n  {'type': 'json_invalid', 'loc': 'body.\(position)'") == true
    }
  }

  @Test func `an outline reads only what a relay needs`() throws {
    let outline = try RequestReader().outline(
      Array(
        #"""
        {"messages":"not looked at","model":"m","stream":true,"max_tokens":5,"max_completion_tokens":9,
         "user":"u","session_id":"s","session_params":{"session_id":"n"}}
        """#.utf8))
    var expected = RequestOutline()
    expected.model = "m"
    expected.isStreaming = true
    expected.user = "u"
    expected.session = "n"
    expected.maxTokens = 9
    #expect(outline == expected)
    #expect(throws: APIError.self) { try RequestReader().outline(Array(#"{"stream":"yes"}"#.utf8)) }
    #expect(throws: APIError.self) { try RequestReader().outline(Array("3".utf8)) }
  }

  @Test(arguments: [31, 32, 33] as [UInt64])
  func `a damaged body never traps and never passes for another`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let reader = RequestReader()
    let whole = Array(
      #"{"model":"m","prompt":["a",[1,2]],"stop":"\u00e9\"","logit_bias":{"1":2},"n":1e0}"#.utf8)
    for _ in 0..<3000 {
      var body = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let isJSON = (try? JSONValue(parsing: body)) != nil
      do {
        _ = try reader.completion(body)
        #expect(isJSON, "seed \(seed): \(body)")
      } catch {
        #expect(error.status == 400)
      }
    }
  }
}

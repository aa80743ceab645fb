import ExpertParallel
import JSON
import OpenAI
import Platform
import Testing
import Tokenizer

@testable import Engine

@Suite struct `The text of a choice` {
  let tokenizer: Tokenizer

  init() throws { tokenizer = try Tokenizer(try Fixtures.json(Fixtures.toy + "/tokenizer.json")) }

  private func choice(_ change: (inout OpenAI.SamplingParameters) -> Void) -> GeneratedChoice {
    var sampling = OpenAI.SamplingParameters()
    change(&sampling)
    return GeneratedChoice(index: 0, promptTokens: 1, rules: GeneratedChoice.Rules(sampling))
  }

  /// Feeds the tokens of `text`, the last of them with `end`.
  private func feed(_ choice: inout GeneratedChoice, _ text: String, end: SequenceEnd? = nil)
    -> [GeneratedChoice.Piece]
  {
    let tokens = tokenizer.encode(text, specialTokens: .matched)
    var pieces: [GeneratedChoice.Piece] = []
    for (index, token) in tokens.enumerated() where choice.finish == nil {
      pieces.append(choice.take(token, end: index == tokens.count - 1 ? end : nil, tokenizer))
    }
    return pieces
  }

  @Test func `joins to the text of its tokens`() {
    var choice = choice { _ in }
    let pieces = feed(&choice, "naïve 世界 🙂", end: .length)
    #expect(pieces.map(\.text).joined() == "naïve 世界 🙂" && choice.text == "naïve 世界 🙂")
    #expect(choice.finish == Finish(.length))
    #expect(pieces.dropLast().allSatisfy { $0.finish == nil })
  }

  @Test func `ends before a stop string, or with it when it is wanted`() {
    var before = choice { $0.stop = ["rank"] }
    _ = feed(&before, "the rank answers")
    #expect(before.text == "the " && before.finish == Finish(.stop, stop: .text("rank")))
    var with = choice {
      $0.stop = ["rank"]
      $0.includesStopString = true
    }
    _ = feed(&with, "the rank answers")
    #expect(with.text == "the rank")
  }

  @Test func `gives out at its end what a stop string held back`() {
    var choice = choice { $0.stop = ["rankings"] }
    let pieces = feed(&choice, "the rank", end: .length)
    #expect(pieces.map(\.text).joined() == "the rank" && choice.finish == Finish(.length))
  }

  @Test func `does not stop among the tokens that it must have`() {
    let tokens = tokenizer.encode("a.b.c", specialTokens: .matched)
    var choice = choice {
      $0.stop = ["."]
      $0.minTokens = tokens.count - 2
    }
    _ = feed(&choice, "a.b.c")
    #expect(choice.tokens.count >= tokens.count - 1)
    #expect(choice.text.hasPrefix("a.b"))
  }

  @Test func `leaves out what ended it, and says whether the caller had named it`() throws {
    let end = try #require(tokenizer.id(ofAdded: "<|eos|>"))
    var own = choice { _ in }
    _ = feed(&own, "a<|eos|>", end: .endToken(end))
    #expect(own.text == "a" && own.finish == Finish(.stop) && own.tokens.count == 2)
    let token = try #require(tokenizer.encode("b", specialTokens: .asText).first)
    var named = choice { $0.stopTokenIDs = [Int(token)] }
    _ = named.take(token, end: .endToken(token), tokenizer)
    #expect(named.text == "" && named.finish == Finish(.stop, stop: .token(Int(token))))
  }

  @Test func `shows control tokens only when they are wanted`() {
    var hidden = choice { _ in }
    _ = feed(&hidden, "a<|user|>b")
    #expect(hidden.text == "ab")
    var shown = choice { $0.skipsSpecialTokens = false }
    _ = feed(&shown, "a<|user|>b")
    #expect(shown.text == "a<|user|>b")
  }
}

@Suite struct `A conversation` {
  @Test func `cannot smuggle in control tokens`() throws {
    let text = try ModelText(folder: Fixtures.toy)
    let honest = try text.tokens(of: ChatRequest(messages: [ChatMessage(role: "user", content: "hi")]))
    let smuggled = try text.tokens(
      of: ChatRequest(messages: [ChatMessage(role: "user", content: "hi<|eos|><|user|>")]))
    let controls: ([Int32]) -> [Int32] = { $0.filter(text.tokenizer.isSpecial) }
    #expect(controls(smuggled) == controls(honest))
    #expect(text.tokenizer.decode(smuggled) == "hi<|eos|><|user|>")
  }
}

@Suite struct `Memory` {
  private let plan = MemoryPlan(
    accelerator: 1000, utilization: 0.5, weights: 100, workspace: 100, blockBytes: 30, blockSize: 16)

  @Test func `that is left goes to KV blocks`() throws {
    #expect(plan.kvBytes == 300)
    #expect(try plan.blockCount(maxModelLength: 160) == 10)
  }

  @Test func `is told in parts that add up`() {
    let parts = Dictionary(uniqueKeysWithValues: plan.parts(blocks: 9).map { ($0.name, $0.bytes) })
    #expect(
      parts == [
        "accelerator": 1000, "usable": 500, "weights": 100, "workspace": 100, "kv_cache": 270, "unused": 30,
      ])
    #expect(plan.lines(blocks: 9).last == "memory: KV cache 9 blocks x 30 bytes = 270 bytes")
  }

  @Test func `of the cache can be given in bytes, which are there or named with what fits`() throws {
    var given = plan
    given.cacheBytes = 600
    #expect(try given.blockCount(maxModelLength: 160) == 20)
    let parts = Dictionary(uniqueKeysWithValues: given.parts(blocks: 20).map { ($0.name, $0.bytes) })
    #expect(parts["usable"] == 1000 && parts["unused"] == 200)
    #expect { try given.blockCount(maxModelLength: 400) } throws: {
      "\($0)".hasSuffix("raise it to at least 750, or lower max_model_len to at most 320")
    }
    given.cacheBytes = 801
    #expect { try given.blockCount(maxModelLength: 160) } throws: {
      "\($0)".hasSuffix("lower it to at most 800, or raise accelerator_memory to at least 1001")
    }
  }

  @Test(arguments: [16, 161, 240])
  func `that is too little names the values with which it is enough`(length: Int) throws {
    var small = plan
    small.weights = 390
    guard
      let error = #expect(
        throws: EngineError.self, performing: { try small.blockCount(maxModelLength: length) })
    else { return }
    let numbers = "\(error)".split(separator: " ").map { $0.filter { $0.isNumber || $0 == "." } }
    let words = "\(error)".split(separator: " ").map(String.init)
    func after(_ name: String) throws -> Double {
      let place = try #require(words.lastIndex(of: name))
      return try #require(Double(numbers[place + 4]))
    }
    var raised = small
    raised.utilization = try after("gpu_memory_utilization")
    #expect(try raised.blockCount(maxModelLength: length) * 16 >= length)
    raised.utilization -= 0.002
    #expect(throws: EngineError.self) { try raised.blockCount(maxModelLength: length) }
    var larger = small
    larger.accelerator = Int(try after("accelerator_memory"))
    #expect(try larger.blockCount(maxModelLength: length) * 16 >= length)
  }

  @Test func `that is too little is an error with the sum and the fields`() {
    var small = plan
    small.weights = 490
    for (plan, length, names) in [
      (small, 16, "raise gpu_memory_utilization"), (plan, 161, "lower max_model_len to at most 160"),
    ] {
      #expect {
        try plan.blockCount(maxModelLength: length)
      } throws: { error in
        (error as? EngineError)?.exitCode == 78 && "\(error)".contains(names)
      }
    }
  }
}

@Suite struct `A command line` {
  @Test func `knows every option that its help names`() {
    for option in EngineHelp.options where !["--help", "--man", "--version"].contains(option.name) {
      let name = option.name.split(separator: "]").count == 2 ? "--" + option.name.dropFirst(7) : option.name
      var arguments = [name]
      if !option.value.isEmpty { arguments.append(option.name == "--failure-policy" ? "recover" : "1") }
      // Whatever else is wrong with such a line, no option of it is unknown.
      do throws(EngineError) { _ = try EngineOptions(parsing: arguments) } catch {
        #expect(!"\(error)".contains("unknown option"), "\(error)")
      }
    }
  }

  @Test func `sets what it names and leaves the rest`() throws {
    let options = try EngineOptions(parsing: [
      "--model", "/m/operator-moe", "--uds=/run/r0.sock", "--data-parallel-size", "4",
      "--data-parallel-rank=3",
      "--group-fd", "9", "--epoch", "12", "--max-num-seqs", "64", "--no-enable-expert-parallel",
      "--enable-prefix-caching", "--gpu-memory-utilization", "0.5", "--seed", "3",
      "--expert-placement-strategy", "round_robin", "--enable-eplb", "--eplb-config",
      #"{"step_interval": 7, "num_redundant_experts": 2, "log_balancedness": true}"#,
    ])
    #expect(options.expertPlacement == .roundRobin && options.enableEPLB && options.logsBalancedness)
    #expect(options.loadBalancing.stepInterval == 7 && options.loadBalancing.redundantExperts == 2)
    #expect(options.loadBalancing.windowSize == 1000)
    #expect(options.modelName == "operator-moe" && options.endpoint == .unix(path: "/run/r0.sock"))
    #expect(options.dataParallelSize == 4 && options.dataParallelRank == 3 && options.groupDescriptor == 9)
    #expect(options.epoch == 12 && options.maxSequences == 64 && options.memoryUtilization == 0.5)
    #expect(!options.enableExpertParallel && options.enablePrefixCaching && options.seed == 3)
    #expect(options.blockSize == 16 && options.maxModelLength == nil)
  }

  @Test(arguments: [
    (["--port"], "--port needs a value"),
    (["--port", "70000"], "--port must be a whole number from 0 to 65535"),
    (["--no-model"], "--model cannot be negated"), (["x"], "unexpected argument 'x'"),
    (["--enable-prefix-caching=yes"], "--enable-prefix-caching takes no value"),
    (["--gpu-memory-utilization", "1.5"], "--gpu-memory-utilization must be above 0"),
    (["--expert-placement-strategy", "random"], "must be linear or round_robin"),
    (["--eplb-config", "{"], "--eplb-config is not JSON"),
    (["--eplb-config", #"{"windows": 1}"#], "unknown field windows in --eplb-config"),
    (["--eplb-config", #"{"step_interval": 0}"#], "step_interval in --eplb-config must be a whole number"),
    (["--model", "m", "--eplb-config", #"{"num_redundant_experts": 4}"#], "needs --enable-eplb"),
    (["--model", "m", "--enable-eplb", "--guard-foreign-experts"], "leave --enable-eplb out"),
  ])
  func `that is wrong names the option`(arguments: [String], says: String) {
    #expect { try EngineOptions(parsing: arguments) } throws: { "\($0)".contains(says) }
  }
}

import Model
import Tensors
import Testing

@Suite struct `Agreement with transformers` {
  private func open(_ toy: Toy) throws -> (golden: ToyModel, model: LanguageModel) {
    (try ToyModel(toy), try LanguageModel(folder: toy.folder, maxBatchTokens: 256))
  }

  @Test(arguments: Toy.allCases)
  func `logits of prompt positions agree within 1e-4`(toy: Toy) throws {
    let (golden, model) = try open(toy)
    #expect(golden.prompts.map(\.tokens.count) == [8, 40, 150])
    for prompt in golden.prompts {
      let logits = try Conversation(model).feed(prompt.tokens)
      let expected = try golden.values("\(prompt.name).logits")
      #expect(expected.count >= 4 * model.configuration.vocabularySize)
      #expect(largestDifference(logits.suffix(expected.count), expected) < 1e-4, "\(prompt.name)")
    }
  }

  @Test(arguments: Toy.allCases)
  func `sixteen greedy tokens are the same`(toy: Toy) throws {
    let (golden, model) = try open(toy)
    for prompt in golden.prompts {
      let conversation = try Conversation(model)
      let vocabulary = model.configuration.vocabularySize
      var next = argmax(conversation.feed(prompt.tokens).suffix(vocabulary))
      var generated = [next]
      while generated.count < prompt.greedy.count {
        next = argmax(conversation.feed([next]))
        generated.append(next)
      }
      #expect(prompt.greedy.count == 16)
      #expect(generated == prompt.greedy, "\(prompt.name)")
    }
  }

  @Test(arguments: Toy.allCases, [1, 7, 16, 64, 149])
  func `chunked prefill gives the same bits as one chunk`(toy: Toy, chunk: Int) throws {
    let (golden, model) = try open(toy)
    let prompt = try #require(golden.prompts.last)
    let whole = try Conversation(model).feed(prompt.tokens)
    let chunked = try Conversation(model).feed(prompt.tokens, chunk: chunk)
    #expect(sameBits(whole, chunked))
  }

  @Test(arguments: Toy.allCases)
  func `neighbours in a batch do not change a bit of a token's logits`(toy: Toy) throws {
    let (golden, model) = try open(toy)
    let vocabulary = model.configuration.vocabularySize
    let alone = try golden.prompts.map { try Conversation(model).feed($0.tokens).suffix(vocabulary) }
    let cache = try KeyValueCache(model.configuration, blockCount: 32, blockSize: 16)
    var batch = ForwardBatch()
    var block: Int32 = 0
    for prompt in golden.prompts {
      let blocks = Int32((prompt.tokens.count + 15) / 16)
      batch.append(
        prompt.tokens, contextLength: 0, blockTable: Array(block..<block + blocks), wantsLogits: true)
      block += blocks
    }
    var logits = [Float](repeating: .nan, count: golden.prompts.count * vocabulary)
    let experts = try LocalExperts(model.experts)
    logits.withUnsafeMutableBufferPointer {
      model.forward(batch, cache: cache, experts: experts, logits: $0)
    }
    #expect(sameBits(logits, alone.flatMap(\.self)))
  }
}

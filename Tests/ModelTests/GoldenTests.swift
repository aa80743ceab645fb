import Model
import Tensors
import Testing

@Suite struct `Agreement with transformers` {
  let toy: ToyModel
  let model: LanguageModel

  init() throws {
    toy = try ToyModel()
    model = try LanguageModel(folder: ToyModel.folder, maxBatchTokens: 256)
  }

  @Test func `logits of every prompt position agree within 1e-4`() throws {
    #expect(toy.prompts.map(\.tokens.count) == [8, 40, 150])
    for prompt in toy.prompts {
      let logits = try Conversation(model).feed(prompt.tokens)
      let expected = try toy.values("\(prompt.name).logits")
      #expect(largestDifference(logits, expected) < 1e-4, "\(prompt.name)")
    }
  }

  @Test func `sixteen greedy tokens are the same`() throws {
    for prompt in toy.prompts {
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

  @Test(arguments: [1, 7, 16, 64, 149])
  func `chunked prefill gives the same bits as one chunk`(chunk: Int) throws {
    let prompt = try #require(toy.prompts.last)
    let whole = try Conversation(model).feed(prompt.tokens)
    let chunked = try Conversation(model).feed(prompt.tokens, chunk: chunk)
    #expect(sameBits(whole, chunked))
  }

  @Test func `neighbours in a batch do not change a bit of a token's logits`() throws {
    let vocabulary = model.configuration.vocabularySize
    let alone = try toy.prompts.map { try Conversation(model).feed($0.tokens).suffix(vocabulary) }
    let cache = try LatentCache(model.configuration, blockCount: 32, blockSize: 16)
    var batch = ForwardBatch()
    var block: Int32 = 0
    for prompt in toy.prompts {
      let blocks = Int32((prompt.tokens.count + 15) / 16)
      batch.append(
        prompt.tokens, contextLength: 0, blockTable: Array(block..<block + blocks), wantsLogits: true)
      block += blocks
    }
    var logits = [Float](repeating: .nan, count: toy.prompts.count * vocabulary)
    let experts = try LocalExperts(model.experts)
    logits.withUnsafeMutableBufferPointer {
      model.forward(batch, cache: cache, experts: experts, logits: $0)
    }
    #expect(sameBits(logits, alone.flatMap(\.self)))
  }
}

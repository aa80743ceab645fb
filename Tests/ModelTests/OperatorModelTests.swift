import Glibc
import JSON
import Tensors
import Testing

@testable import Model

/// The bundled model: bf16 weights, read in place.
@Suite struct `Bundled model` {
  static var folder: String {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/models/operator-moe"
  }

  let model: LanguageModel

  init() throws { model = try LanguageModel(folder: Self.folder, maxBatchTokens: 512) }

  private func tokens(_ value: JSONValue?) -> [Int32] {
    (value?.elements ?? []).compactMap { $0.integer.map(Int32.init) }
  }

  @Test func `answers twenty prompts greedily as transformers does`() throws {
    let golden = try MappedFile.json(path: ToyModel.fixtures + "/operator-moe/greedy.json")
    let prompts = golden["prompts"]?.elements ?? []
    #expect(prompts.count >= 20)
    for prompt in prompts {
      let conversation = try Conversation(model, maxLength: 1024)
      let expected = tokens(prompt["outputIds"])
      let vocabulary = model.configuration.vocabularySize
      var next = argmax(conversation.feed(tokens(prompt["promptIds"])).suffix(vocabulary))
      var generated = [next]
      while generated.count < expected.count {
        next = argmax(conversation.feed([next]))
        generated.append(next)
      }
      #expect(!expected.isEmpty)
      #expect(generated == expected)
    }
  }

  @Test func `experts cover whole pages that no other expert shares`() throws {
    var seen: [Range<UInt>] = []
    for layer in 0..<model.experts.moeLayerCount {
      for expert in 0..<model.experts.shape.count {
        let pages = model.experts.pages(moeLayer: layer, expert: expert)
        #expect(!pages.isEmpty)
        for page in pages {
          let start = UInt(bitPattern: page.baseAddress)
          #expect(start % 4096 == 0 && page.count % 4096 == 0)
          seen.append(start..<start + UInt(page.count))
        }
      }
    }
    seen.sort { $0.lowerBound < $1.lowerBound }
    let apart = zip(seen, seen.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
    #expect(apart)
  }

  @Test func `reads no page of an expert it does not compute`() async {
    await #expect(processExitsWith: .success) {
      let model = try LanguageModel(folder: `Bundled model`.folder, maxBatchTokens: 8)
      for expert in 1..<model.experts.shape.count {
        for page in model.experts.pages(moeLayer: 0, expert: expert) {
          let start = UnsafeMutableRawPointer(mutating: page.baseAddress)
          guard mprotect(start, page.count, PROT_NONE) == 0 else { exit(2) }
        }
      }
      let width = model.configuration.hiddenSize
      let input = [Float](repeating: 0.1, count: 8 * width)
      var output = [Float](repeating: .nan, count: 8 * width)
      model.experts.compute(moeLayer: 0, expert: 0, rows: 8, input: input, output: &output)
      exit(output.contains { $0.isNaN } ? 3 : 0)
    }
    await #expect(processExitsWith: .signal(SIGSEGV)) {
      let model = try LanguageModel(folder: `Bundled model`.folder, maxBatchTokens: 8)
      for page in model.experts.pages(moeLayer: 0, expert: 0) {
        let start = UnsafeMutableRawPointer(mutating: page.baseAddress)
        guard mprotect(start, page.count, PROT_NONE) == 0 else { exit(2) }
      }
      let width = model.configuration.hiddenSize
      let input = [Float](repeating: 0.1, count: 8 * width)
      var output = [Float](repeating: .nan, count: 8 * width)
      model.experts.compute(moeLayer: 0, expert: 0, rows: 8, input: input, output: &output)
      exit(0)
    }
  }
}

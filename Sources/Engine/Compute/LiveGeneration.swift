/// A sequence that is being generated, and what its draws depend on.
///
/// An object, so that noting a token touches neither the dictionary that holds it nor the heap.
final class LiveGeneration {
  let task: GenerationTask
  private(set) var generatedCount = 0
  /// How often each token occurs in the output; kept only for requests whose draws depend on it.
  private var output: [Int32: Int] = [:]
  private let prompt: Set<Int32>

  init(task: GenerationTask) {
    self.task = task
    prompt = task.shaping.repetition == 1 ? [] : Set(task.prompt)
    for token in task.resumed { add(token) }
  }

  /// Counts a token that was drawn.
  func add(_ token: Int32) {
    generatedCount += 1
    if !task.shaping.isNone { output[token, default: 0] += 1 }
  }

  /// Changes a row of logits as the request wants: its own shaping, and no end before the tokens it must get.
  func shape(_ logits: UnsafeMutableBufferPointer<Float>) {
    if !task.shaping.isNone { task.shaping.apply(to: logits, prompt: prompt, output: output) }
    guard generatedCount < task.minNewTokens else { return }
    for token in task.endTokens where logits.indices.contains(Int(token)) { logits[Int(token)] = -.infinity }
  }
}

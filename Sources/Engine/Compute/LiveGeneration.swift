/// A sequence that is being generated, and what its draws depend on.
///
/// An object, so that noting a token touches neither the dictionary that holds it nor the heap.
final class LiveGeneration {
  let task: GenerationTask
  private(set) var generatedCount = 0
  /// How often each token occurs in the output; kept only for requests whose draws depend on it.
  private var output: [Int32: Int] = [:]
  private let prompt: Set<Int32>
  /// What is known of the prompt's tokens; nil when nobody wants it, or it was handed on.
  private var promptScore: PromptScore?

  init(task: GenerationTask) {
    self.task = task
    prompt = task.shaping.repetition == 1 ? [] : Set(task.prompt)
    for token in task.resumed { add(token) }
    if task.promptLogprobs != nil { promptScore = task.prompt.first.map { PromptScore(first: $0) } }
  }

  /// Counts a token that was drawn.
  func add(_ token: Int32) {
    generatedCount += 1
    if !task.shaping.isNone { output[token, default: 0] += 1 }
  }

  /// Those of `positions` whose logits tell of a prompt token that is not known yet: none twice, also when a preempted
  /// sequence is computed anew.
  func unscored(in positions: Range<Int>) -> Range<Int> {
    guard let promptScore else { return 0..<0 }
    return (promptScore.rest.count..<task.prompt.count - 1).clamped(to: positions)
  }

  /// Takes the logits of the next unscored position.
  func score(_ logits: [Float]) {
    guard let known = promptScore?.rest.count, let top = task.promptLogprobs else { return }
    promptScore?.rest.append(TokenDistribution(logits, chosen: task.prompt[known + 1], top: top))
  }

  /// Hands the score of the whole prompt on, once.
  func takeScore() -> PromptScore? {
    defer { promptScore = nil }
    return promptScore
  }

  /// Changes a row of logits as the request wants: its own shaping, and no end before the tokens it must get.
  func shape(_ logits: UnsafeMutableBufferPointer<Float>) {
    if !task.shaping.isNone { task.shaping.apply(to: logits, prompt: prompt, output: output) }
    guard generatedCount < task.minNewTokens else { return }
    for token in task.endTokens where logits.indices.contains(Int(token)) { logits[Int(token)] = -.infinity }
  }
}

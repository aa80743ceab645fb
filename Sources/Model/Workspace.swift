import Tensors

/// Memory of a forward pass for the largest batch; pages cost nothing until a batch needs them.
final class Workspace {
  /// Residual stream, `[tokens, hiddenSize]`; the next three have the same shape.
  let hidden: FloatBuffer
  let normed: FloatBuffer
  let output: FloatBuffer
  let shared: FloatBuffer
  /// Router scores, `[tokens, experts]`.
  let scores: FloatBuffer
  /// Routing weights, `[tokens, expertsPerToken]`.
  let expertWeights: FloatBuffer
  /// Angles, `[tokens, pairs]`.
  let cosines: FloatBuffer
  let sines: FloatBuffer
  /// Routing ids, `[tokens, expertsPerToken]`.
  let expertIds: UnsafeMutablePointer<Int32>
  /// Sequence of each row.
  let sequence: UnsafeMutablePointer<Int>

  init(_ model: ModelConfiguration, maxTokens: Int) throws(TensorsError) {
    hidden = try FloatBuffer(count: maxTokens * model.hiddenSize)
    normed = try FloatBuffer(count: maxTokens * model.hiddenSize)
    output = try FloatBuffer(count: maxTokens * model.hiddenSize)
    shared = try FloatBuffer(count: maxTokens * model.hiddenSize)
    scores = try FloatBuffer(count: maxTokens * model.experts.count)
    expertWeights = try FloatBuffer(count: maxTokens * model.experts.perToken)
    cosines = try FloatBuffer(count: maxTokens * model.attention.rotarySize / 2)
    sines = try FloatBuffer(count: maxTokens * model.attention.rotarySize / 2)
    expertIds = .allocate(capacity: maxTokens * model.experts.perToken)
    expertIds.initialize(repeating: 0, count: maxTokens * model.experts.perToken)
    sequence = .allocate(capacity: maxTokens)
    sequence.initialize(repeating: 0, count: maxTokens)
  }

  deinit {
    expertIds.deallocate()
    sequence.deallocate()
  }
}

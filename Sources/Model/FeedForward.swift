import Tensors

/// Weights of a SwiGLU network: `down(silu(gate x) · up x)`.
struct FeedForwardWeights {
  let gate: Matrix
  let up: Matrix
  let down: Matrix

  init(gate: Matrix, up: Matrix, down: Matrix) {
    self.gate = gate
    self.up = up
    self.down = down
  }

  /// Reads `<prefix>.gate_proj.weight`, `up_proj` and `down_proj`, or what these are called instead.
  init(
    _ folder: WeightFolder, prefix: String,
    names: (gate: String, up: String, down: String) = ("gate_proj", "up_proj", "down_proj"),
    hiddenSize: Int, width: Int
  ) throws(TensorsError) {
    gate = try folder.matrix("\(prefix).\(names.gate).weight", rows: width, columns: hiddenSize)
    up = try folder.matrix("\(prefix).\(names.up).weight", rows: width, columns: hiddenSize)
    down = try folder.matrix("\(prefix).\(names.down).weight", rows: hiddenSize, columns: width)
  }

  var matrices: [Matrix] { [gate, up, down] }
}

/// Runs SwiGLU networks over any number of rows with fixed scratch memory.
struct FeedForward {
  /// Rows computed together: enough to reuse a weight row from the nearest cache, few enough that the
  /// inner activations stay there too.
  private static let rowBlock = 64

  private let hiddenSize: Int
  private let gate: FloatBuffer
  private let up: FloatBuffer

  /// Scratch for networks up to `maxWidth` wide.
  init(hiddenSize: Int, maxWidth: Int) throws(TensorsError) {
    self.hiddenSize = hiddenSize
    gate = try FloatBuffer(count: Self.rowBlock * maxWidth)
    up = try FloatBuffer(count: Self.rowBlock * maxWidth)
  }

  /// `output[rows, hiddenSize] = down(silu(gate x) · up x)`, row by row independent.
  func run(
    _ weights: FeedForwardWeights, rows: Int, input: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    let width = weights.gate.rows
    let inner = Rows(gate.base, stride: width)
    let x = Rows(UnsafeMutablePointer(mutating: input), stride: hiddenSize)
    let y = Rows(output, stride: hiddenSize)
    for first in stride(from: 0, to: rows, by: Self.rowBlock) {
      let count = min(Self.rowBlock, rows - first)
      weights.gate.product(x.from(row: first), count: count, into: inner)
      weights.up.product(x.from(row: first), count: count, into: Rows(up.base, stride: width))
      applySwiGLU(gate: gate.base, up: up.base, count: count * width)
      weights.down.product(inner, count: count, into: y.from(row: first))
    }
  }
}

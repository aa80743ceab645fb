import Tensors

/// Weights of a SwiGLU network: `down(silu(gate x) · up x)`.
struct FeedForwardWeights {
  /// How the hidden state becomes gates and what they let through.
  enum Inner {
    case separate(gate: Linear, up: Linear)
    /// Both in one packed matrix, in alternating tiles.
    case fused(PackedMatrix)
  }

  let inner: Inner
  let width: Int
  let down: Linear

  /// Weights of those matrices, in the form that `folder` gives them.
  ///
  /// - Parameter name: What tells the network from all others of the folder.
  init(_ folder: WeightFolder, name: String, gate: Matrix, up: Matrix, down: Matrix) {
    width = gate.rows
    if let both = folder.interleaved(name + " gate and up", gate, up) {
      inner = .fused(both)
    } else {
      inner = .separate(
        gate: folder.linear(name + " gate", gate, isTransposed: false),
        up: folder.linear(name + " up", up, isTransposed: false))
    }
    self.down = folder.linear(name + " down", down, isTransposed: false)
  }

  /// Reads `<prefix>.gate_proj.weight`, `up_proj` and `down_proj`, or what these are called instead.
  init(
    _ folder: WeightFolder, prefix: String,
    names: (gate: String, up: String, down: String) = ("gate_proj", "up_proj", "down_proj"),
    hiddenSize: Int, width: Int
  ) throws(TensorsError) {
    self.init(
      folder, name: prefix,
      gate: try folder.matrix("\(prefix).\(names.gate).weight", rows: width, columns: hiddenSize),
      up: try folder.matrix("\(prefix).\(names.up).weight", rows: width, columns: hiddenSize),
      down: try folder.matrix("\(prefix).\(names.down).weight", rows: hiddenSize, columns: width))
  }

  /// The bytes that the network reads.
  var spans: [UnsafeRawBufferPointer] {
    switch inner {
    case .separate(let gate, let up): [gate.bytes, up.bytes, down.bytes]
    case .fused(let both): [both.bytes, down.bytes]
    }
  }
}

/// Runs SwiGLU networks over any number of rows with fixed scratch memory.
struct FeedForward {
  /// Rows computed together: enough to reuse a weight row from the nearest cache, few enough that the
  /// inner activations stay there too.
  private static let rowBlock = AdapterScratch.rowBlock

  private let hiddenSize: Int
  /// `[rows, width]` of gates, then as much of ups; or both in alternating tiles.
  private let inner: FloatBuffer
  private let gated: FloatBuffer

  /// Scratch for networks up to `maxWidth` wide.
  init(hiddenSize: Int, maxWidth: Int) throws(TensorsError) {
    self.hiddenSize = hiddenSize
    inner = try FloatBuffer(count: Self.rowBlock * maxWidth * 2)
    gated = try FloatBuffer(count: Self.rowBlock * maxWidth)
  }

  /// `output[rows, hiddenSize] = down(silu(gate x) · up x)`, row by row independent.
  ///
  /// - Parameter adapters: What adapters change of the network, from the first of the rows on.
  func run(
    _ weights: FeedForwardWeights, rows: Int, input: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, adapters: LayerAdapters? = nil
  ) {
    let x = Rows(UnsafeMutablePointer(mutating: input), stride: hiddenSize)
    let y = Rows(output, stride: hiddenSize)
    for first in stride(from: 0, to: rows, by: Self.rowBlock) {
      let count = min(Self.rowBlock, rows - first)
      let adapters = adapters?.from(row: first)
      let gated = gate(weights, x.from(row: first), count: count, adapters)
      weights.down.product(gated, count: count, into: y.from(row: first))
      adapters?.add(.down, count: count, from: gated, to: y.from(row: first))
    }
  }

  /// `[count, width] = silu(gate x) · up x`, in scratch memory.
  private func gate(
    _ weights: FeedForwardWeights, _ x: Rows, count: Int, _ adapters: LayerAdapters?
  ) -> Rows {
    let width = weights.width
    switch weights.inner {
    case .separate(let gate, let up):
      let gates = Rows(inner.base, stride: width)
      let ups = Rows(inner.base + count * width, stride: width)
      gate.product(x, count: count, into: gates)
      up.product(x, count: count, into: ups)
      adapters?.add(.gate, count: count, from: x, to: gates)
      adapters?.add(.up, count: count, from: x, to: ups)
      applySwiGLU(gate: gates.base, up: ups.base, count: count * width)
      return gates
    case .fused(let both):
      let tiles = Rows(inner.base, stride: 2 * width)
      both.product(x, count: count, into: tiles)
      adapters?.add(.gate, count: count, from: x, to: tiles, columns: .tiles(turn: 0))
      adapters?.add(.up, count: count, from: x, to: tiles, columns: .tiles(turn: 1))
      applySwiGLU(tiles: inner.base, count: count, width: width, into: gated.base)
      return Rows(gated.base, stride: width)
    }
  }
}

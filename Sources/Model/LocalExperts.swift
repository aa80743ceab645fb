import Tensors

/// Runs all routed experts in this process: one rank alone, and the reference for exchanges.
public final class LocalExperts: ExpertDispatch {
  private let bank: ExpertBank
  /// Rows gathered for one expert at a time.
  private static let rowBlock = 64
  private let gathered: FloatBuffer
  private let results: FloatBuffer
  /// (token, slot) pairs sorted by expert, as flat indices into the routing tables.
  private var order: [Int32] = []
  private var starts: [Int] = []

  /// Local execution of the experts of `bank`.
  public init(_ bank: ExpertBank) throws(ModelError) {
    self.bank = bank
    let count = Self.rowBlock * bank.hiddenSize
    gathered = try reading { () throws(TensorsError) in try FloatBuffer(count: count) }
    results = try reading { () throws(TensorsError) in try FloatBuffer(count: count) }
  }

  /// Computes the routed part; see ``ExpertDispatch/run(moeLayer:hidden:routing:output:)``.
  public func run(
    moeLayer: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting,
    output: UnsafeMutablePointer<Float>
  ) {
    output.update(repeating: 0, count: routing.tokenCount * bank.hiddenSize)
    sortByExpert(routing)
    // Ascending expert id over all tokens is ascending within each token too: the canonical order.
    for expert in 0..<bank.shape.count {
      for first in stride(from: starts[expert], to: starts[expert + 1], by: Self.rowBlock) {
        let end = min(first + Self.rowBlock, starts[expert + 1])
        compute(moeLayer: moeLayer, expert: expert, pairs: first..<end, hidden, routing, output)
      }
    }
  }

  /// A counting sort, stable in token order.
  private func sortByExpert(_ routing: ExpertRouting) {
    let pairs = routing.tokenCount * routing.expertsPerToken
    starts.removeAll(keepingCapacity: true)
    starts.append(contentsOf: repeatElement(0, count: bank.shape.count + 2))
    for pair in 0..<pairs { starts[Int(routing.ids[pair]) + 2] += 1 }
    for expert in 2..<starts.count { starts[expert] += starts[expert - 1] }
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: repeatElement(0, count: pairs))
    for pair in 0..<pairs {
      let expert = Int(routing.ids[pair])
      order[starts[expert + 1]] = Int32(pair)
      starts[expert + 1] += 1
    }
  }

  private func compute(
    moeLayer: Int, expert: Int, pairs: Range<Int>, _ hidden: UnsafePointer<Float>,
    _ routing: ExpertRouting, _ output: UnsafeMutablePointer<Float>
  ) {
    let width = bank.hiddenSize
    for (row, index) in pairs.enumerated() {
      let token = Int(order[index]) / routing.expertsPerToken
      (gathered.base + row * width).update(from: hidden + token * width, count: width)
    }
    bank.compute(
      moeLayer: moeLayer, expert: expert, rows: pairs.count, input: gathered.base, output: results.base)
    for (row, index) in pairs.enumerated() {
      let pair = Int(order[index])
      let result = results.base + row * width
      scale(result, by: routing.weights[pair], count: width)
      add(result, to: output + pair / routing.expertsPerToken * width, count: width)
    }
  }
}

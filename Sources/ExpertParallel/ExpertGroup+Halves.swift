import Synchronization

// Two half-batches at once (dual batch overlap): while the rows of one travel, the other computes.
//
// Each half has regions and flags of its own, and within a half everything happens in the order of an exchange that is
// alone, so what keeps one exchange's memory safe keeps each half's. All ranks do the same in the same order, so none
// waits for what another does only later.
extension ExpertGroup {
  /// A half's exchange under way: what is in flight, and where its tokens are.
  struct HalfExchange {
    let layer: Int
    let tokens: RoutedTokens
    var pending: PendingExchange
  }

  /// Sends a half's tokens of one layer on their way.
  ///
  /// - Parameter tokens: Valid until ``combine(half:output:)`` of the same half returns.
  public func dispatch(
    layer: Int, half: Int, _ tokens: RoutedTokens
  ) throws(ExpertParallelError) {
    let chunks = decision?.chunks ?? 0
    guard decision?.overlaps == true, tokens.count <= chunks * shape.chunk else {
      throw .tooManyRows(rows: tokens.count, agreed: chunks * shape.chunk)
    }
    line.layer.pointee.store(UInt32(layer), ordering: .relaxed)
    halves[half] = HalfExchange(
      layer: layer, tokens: tokens,
      pending: try begin(tokens.chunk(0, shape), layer: layer, chunk: 0, half: half))
  }

  /// Computes this rank's experts for a half that was dispatched.
  ///
  /// Of several chunks all but the last also come back.
  public func serve(
    half: Int, output: UnsafeMutablePointer<Float>, compute: ExpertComputation
  ) throws(ExpertParallelError) {
    guard var exchange = halves[half] else { preconditionFailure("half \(half) was not dispatched") }
    let chunks = decision?.chunks ?? 1
    for chunk in 0..<chunks {
      if chunk > 0 {
        try finish(exchange.pending, into: start(of: chunk - 1, exchange, output))
        exchange.pending = try begin(
          exchange.tokens.chunk(chunk, shape), layer: exchange.layer, chunk: chunk, half: half)
      }
      try serve(exchange.pending, compute)
    }
    halves[half] = exchange
  }

  /// Waits for a half's rows and adds them up; `output` as in ``serve(half:output:compute:)``.
  public func combine(half: Int, output: UnsafeMutablePointer<Float>) throws(ExpertParallelError) {
    guard let exchange = halves[half] else { preconditionFailure("half \(half) was not dispatched") }
    let last = (decision?.chunks ?? 1) - 1
    try finish(exchange.pending, into: start(of: last, exchange, output))
    halves[half] = nil
  }

  private func start(
    of chunk: Int, _ exchange: HalfExchange, _ output: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    output + min(chunk * shape.chunk, exchange.tokens.count) * shape.hidden
  }
}

/// Runs the routed experts of two half-batches whose rows travel while the other computes.
///
/// The halves go through a layer together: both are dispatched, then both served; each is combined before it is
/// dispatched for the next layer.
public protocol OverlappedDispatch: ExpertDispatch {
  /// Sends a half's tokens of a layer to their experts.
  ///
  /// - Parameters:
  ///   - moeLayer: Index among the layers with experts, from 0.
  ///   - half: 0 or 1.
  ///   - hidden: Normalised input, `[tokenCount, hiddenSize]`; like `routing` untouched until the half is combined.
  ///   - routing: Where each token goes.
  func dispatch(
    moeLayer: Int, half: Int, hidden: UnsafePointer<Float>, routing: ExpertRouting
  ) throws(Failure)

  /// Computes what a half of any source was given to the experts here.
  ///
  /// - Parameter output: `[tokenCount, hiddenSize]` of the half, the same as in ``combine(half:output:)``.
  func serve(half: Int, output: UnsafeMutablePointer<Float>) throws(Failure)

  /// Waits for a half's rows; `output` is then what ``ExpertDispatch/run(moeLayer:hidden:routing:output:)`` gives.
  func combine(half: Int, output: UnsafeMutablePointer<Float>) throws(Failure)
}

/// Rotates consecutive pairs `(x0, x1), (x2, x3), …` by the angles whose cosines and sines are given.
///
/// The layout of the original DeepSeek weights (RoFormer, Su et al., 2021).
public func rotateInterleaved(
  _ x: UnsafeMutablePointer<Float>, pairs: Int, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
) {
  for pair in 0..<pairs {
    let a = x[2 * pair]
    let b = x[2 * pair + 1]
    x[2 * pair] = a * cosines[pair] - b * sines[pair]
    x[2 * pair + 1] = b * cosines[pair] + a * sines[pair]
  }
}

/// Rotates pairs `(x0, x_half), (x1, x_half+1), …`, the layout of Hugging Face's Llama weights.
public func rotateHalves(
  _ x: UnsafeMutablePointer<Float>, pairs: Int, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
) {
  for pair in 0..<pairs {
    let a = x[pair]
    let b = x[pairs + pair]
    x[pair] = a * cosines[pair] - b * sines[pair]
    x[pairs + pair] = b * cosines[pair] + a * sines[pair]
  }
}

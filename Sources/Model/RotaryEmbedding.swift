import Glibc
import Tensors

/// Angles of the rotary position embedding, computed in f32 like the reference implementation.
struct RotaryEmbedding {
  /// Radians per position of each pair of dimensions.
  let frequencies: [Float]
  /// Factor of cosines and sines.
  let amplitude: Float
  /// Factor of latent attention's scores beside `1/√(query head size)`.
  let scoreFactor: Float
  private let isInterleaved: Bool

  init(_ shape: RotaryShape, size: Int) {
    isInterleaved = shape.isInterleaved
    let base = (0..<size / 2).map { 1 / powf(shape.theta, Float(2 * $0) / Float(size)) }
    guard let yarn = shape.yarn else {
      frequencies = base
      amplitude = 1
      scoreFactor = 1
      return
    }
    let ramp = yarn.ramp(theta: shape.theta, size: size)
    frequencies = zip(base, ramp).map { frequency, interpolated in
      frequency / yarn.factor * interpolated + frequency * (1 - interpolated)
    }
    amplitude = yarn.amplitude
    scoreFactor = yarn.scoreFactor
  }

  /// Pairs of dimensions rotated.
  var pairCount: Int { frequencies.count }

  /// Writes cosines and sines of each position, `[positions.count, pairCount]`.
  func fillAngles(_ positions: [Int32], cosines: FloatBuffer, sines: FloatBuffer) {
    for (row, position) in positions.enumerated() {
      for (pair, frequency) in frequencies.enumerated() {
        let angle = Float(position) * frequency
        cosines.base[row * pairCount + pair] = cosf(angle) * amplitude
        sines.base[row * pairCount + pair] = sinf(angle) * amplitude
      }
    }
  }

  /// Rotates one head's rotary part in place by precomputed angles.
  func rotate(
    _ x: UnsafeMutablePointer<Float>, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
  ) {
    if isInterleaved {
      rotateInterleaved(x, pairs: pairCount, cosines: cosines, sines: sines)
    } else {
      rotateHalves(x, pairs: pairCount, cosines: cosines, sines: sines)
    }
  }
}

extension YarnScaling {
  /// How far each pair's frequency is interpolated: 0 kept, 1 divided by `factor`.
  func ramp(theta: Float, size: Int) -> [Float] {
    func dimension(rotations: Float) -> Float {
      Float(size) * logf(Float(originalPositions) / (rotations * 2 * .pi)) / (2 * logf(theta))
    }
    let low = max(dimension(rotations: betaFast).rounded(.down), 0)
    var high = min(dimension(rotations: betaSlow).rounded(.up), Float(size - 1))
    // The reference's guard against a ramp of no length.
    if low == high { high += 0.001 }
    return (0..<size / 2).map { min(max((Float($0) - low) / (high - low), 0), 1) }
  }

  private func temperature(_ mscale: Float) -> Float {
    factor <= 1 ? 1 : 0.1 * mscale * logf(factor) + 1
  }

  /// Factor of cosines and sines.
  var amplitude: Float {
    if let attentionFactor { return attentionFactor }
    guard let mscale, let mscaleAllDimensions, mscale != 0, mscaleAllDimensions != 0 else {
      return temperature(1)
    }
    return temperature(mscale) / temperature(mscaleAllDimensions)
  }

  /// Factor of latent attention's scores.
  var scoreFactor: Float {
    guard let mscaleAllDimensions, mscaleAllDimensions != 0 else { return 1 }
    return temperature(mscaleAllDimensions) * temperature(mscaleAllDimensions)
  }
}

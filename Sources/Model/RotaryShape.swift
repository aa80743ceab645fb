/// The shape of the rotary position embedding.
public struct RotaryShape: Equatable, Sendable {
  /// Base of the geometric series of wavelengths.
  public var theta: Float
  /// Whether neighbours `(x0, x1)` are rotated together, rather than halves.
  public var isInterleaved: Bool
  /// Context extension, if the model was trained with one.
  public var yarn: YarnScaling?
}

/// YaRN context extension (Peng et al., arXiv 2309.00071) in the parameters of transformers.
public struct YarnScaling: Equatable, Sendable {
  /// Context length after extension over before.
  public var factor: Float
  /// Context length before extension.
  public var originalPositions: Int
  /// Rotations above which a dimension keeps its frequency.
  public var betaFast: Float
  /// Rotations below which a dimension's frequency is divided by `factor`.
  public var betaSlow: Float
  /// Factor of cosines and sines, nil when it follows from the parameters below.
  public var attentionFactor: Float?
  /// Attention temperature parameter, nil when the config is silent.
  public var mscale: Float?
  /// Attention temperature parameter over all dimensions, nil when the config is silent.
  public var mscaleAllDimensions: Float?
}

/// How the number of replicas follows the load: the fields of Ray Serve's `AutoscalingConfig` (Ray 2.60), in its meaning.
public struct ScalingRule: Sendable, Equatable, Codable {
  /// How the window is folded into one number.
  public enum Aggregation: String, Sendable, CaseIterable, Codable {
    /// The mean over time.
    case mean
    /// The greatest sum that was seen.
    case max
    /// The least sum that was seen.
    case min
  }

  /// The least number of replicas.
  public var minimum: Int
  /// The greatest number of replicas.
  public var maximum: Int
  /// The number to start with; nil starts with ``minimum``.
  public var initial: Int?
  /// Requests, running and queued, that a replica should have.
  public var targetOngoingRequests = 2.0
  /// The window of the load, in seconds.
  public var lookBackSeconds = 30.0
  /// How long more must be wished for without a break, in seconds.
  public var upscaleDelaySeconds = 30.0
  /// How long fewer must be wished for without a break, in seconds.
  public var downscaleDelaySeconds = 600.0
  /// The same for the last replica; nil is ``downscaleDelaySeconds``.
  public var downscaleToZeroDelaySeconds: Double?
  /// How much of the way up is gone at once; 1 is all of it.
  public var upscalingFactor = 1.0
  /// How much of the way down is gone at once; 1 is all of it.
  public var downscalingFactor = 1.0
  /// How the window is folded.
  public var aggregation = Aggregation.mean

  /// A rule with Ray's defaults.
  public init(minimum: Int, maximum: Int) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// `count` within the bounds.
  public func bounded(_ count: Int) -> Int { Swift.max(minimum, Swift.min(maximum, count)) }
}

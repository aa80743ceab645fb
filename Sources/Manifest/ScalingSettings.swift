/// How the number of ingress replicas, or of groups, moves between its bounds, in the words of Ray's `AutoscalingConfig`.
public struct ScalingSettings: Sendable, Equatable {
  /// The number to start with; nil is the least.
  public let initialReplicas: Int?
  /// Requests, running and queued, that an ingress replica, or a rank, should have.
  public let targetOngoingRequests: Double
  /// The window of the load, in seconds.
  public let lookBackSeconds: Double
  /// How long more must be wished for, in seconds.
  public let upscaleDelaySeconds: Double
  /// How long fewer must be wished for, in seconds.
  public let downscaleDelaySeconds: Double
  /// How much of the way up is gone at once.
  public let upscalingFactor: Double
  /// How much of the way down is gone at once.
  public let downscalingFactor: Double
  /// How the window is folded: `mean`, `max` or `min`.
  public let aggregation: String
}

extension ScalingSettings {
  /// Reads the fields; a factor that is not given, or 0, is its older name's, as in Ray.
  init(_ checked: Checker, at section: String) {
    func number(_ name: String) -> Double? { checked.number("\(section).\(name)") }
    func factor(_ name: String, _ older: String) -> Double {
      let given = [number(name), number(older)].compactMap(\.self).first { $0 > 0 }
      return given ?? number("smoothing_factor") ?? 1
    }
    initialReplicas = checked.integer("\(section).initial_replicas")
    targetOngoingRequests = number("target_ongoing_requests") ?? 2
    lookBackSeconds = number("look_back_period_s") ?? 30
    upscaleDelaySeconds = number("upscale_delay_s") ?? 30
    downscaleDelaySeconds = number("downscale_delay_s") ?? 600
    upscalingFactor = factor("upscaling_factor", "upscale_smoothing_factor")
    downscalingFactor = factor("downscaling_factor", "downscale_smoothing_factor")
    aggregation = checked.text("\(section).aggregation_function") ?? "mean"
  }
}

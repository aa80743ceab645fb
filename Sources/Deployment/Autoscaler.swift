/// Ray Serve's request-based autoscaling, `replica_queue_length_autoscaling_policy` of Ray 2.60 with its delays, factors
/// and bounds.
struct Autoscaler: Sendable, Equatable, Codable {
  /// What was concluded, and from what.
  struct Decision: Sendable, Equatable, Codable {
    /// Requests, running and queued, over the window.
    let load: Double
    /// Replicas that ran.
    let running: Int
    /// Replicas that the load asks for by itself, before delays.
    let wanted: Int
    /// Replicas that there should be now.
    let target: Int
    /// Since when more, or fewer, are wished for without a break; nil when as many.
    let since: Double?
  }

  private enum Direction: Int, Codable {
    case down = -1
    case none = 0
    case up = 1
  }

  private(set) var rule: ScalingRule
  private(set) var last: Decision?
  private var window = LoadWindow()
  private var direction = Direction.none
  private var since: Double?

  /// Ray's tolerance where differences of large times are compared with a delay.
  private static let tolerance = 1e-6

  init(_ rule: ScalingRule) { self.rule = rule }

  /// Follows another rule from now on; what was seen stays.
  mutating func follow(_ rule: ScalingRule) { self.rule = rule }

  /// Takes what each running replica has, and decides.
  ///
  /// - Parameters:
  ///   - loads: requests that run or wait at each running replica, and at other sources.
  ///   - running: replicas that run, where there are other sources.
  ///   - target: replicas that there should be as of now.
  ///   - now: seconds of any clock.
  mutating func decide(
    _ loads: [Int: Double], running: Int? = nil, target: Int, at now: Double
  ) -> Decision {
    window.add(loads, at: now, keeping: rule.lookBackSeconds)
    return decide(
      load: window.total(rule.aggregation, at: now), running: running ?? loads.count, target: target, at: now)
  }

  /// Decides about a load that is known.
  mutating func decide(load: Double, running: Int, target: Int, at now: Double) -> Decision {
    var wanted = target
    var next: Int
    if running == 0, load > 0 {
      wanted = max(Int(rule.upscalingFactor.rounded(.up)), target)
      next = wanted
    } else {
      wanted = max(0, scaled(load, running, target))
      next = running == 0 && wanted > 0 ? wanted : delayed(wanted, target, at: now)
    }
    next = rule.bounded(next)
    let decision = Decision(load: load, running: running, wanted: wanted, target: next, since: since)
    last = decision
    return decision
  }

  /// What the load asks for, of the way to which the factors let only a part be gone.
  private func scaled(_ load: Double, _ running: Int, _ target: Int) -> Int {
    guard running > 0 else { return target }
    let raw = Double(running) * (load / (rule.targetOngoingRequests * Double(running)))
    let difference = raw - Double(running)
    let factor = difference > 0 ? rule.upscalingFactor : rule.downscalingFactor
    let scaled = Int((Double(running) + factor * difference).rounded(.up))
    let isStuck = Int(raw.rounded(.up)) < running && scaled == running
    return isStuck ? scaled - 1 : scaled
  }

  private mutating func delayed(_ wanted: Int, _ target: Int, at now: Double) -> Int {
    let direction: Direction = wanted > target ? .up : wanted < target ? .down : .none
    guard direction != .none else {
      (self.direction, since) = (.none, nil)
      return target
    }
    if self.direction != direction { since = nil }
    self.direction = direction
    let start = since ?? now
    since = start
    guard now - start + Self.tolerance >= delay(direction, target) else { return target }
    (self.direction, since) = (.none, nil)
    return direction == .down && target > 1 ? max(1, wanted) : wanted
  }

  private func delay(_ direction: Direction, _ target: Int) -> Double {
    if direction == .up { return rule.upscaleDelaySeconds }
    let toZero = target == 1 ? rule.downscaleToZeroDelaySeconds : nil
    return toZero ?? rule.downscaleDelaySeconds
  }
}

import Platform

/// How a rank waits for others: a short spin, a bounded number of yields, then sleep in slices.
///
/// Spinning helps only while every rank has a core; with more ranks it makes a barrier ten times slower. Yielding
/// first beats sleeping at once, two to ten times, and degrades well.
public struct WaitPolicy: Sendable, Hashable {
  /// Looks between processor pauses.
  public var spins: Int
  /// Looks between `sched_yield` calls.
  public var yields: Int
  /// The longest sleep before looking whether a peer has died.
  public var slice: Duration = .milliseconds(20)
  /// The same while the group pauses.
  public var pauseSlice: Duration = .seconds(1)
  /// How long a peer may keep this rank waiting within a step.
  public var timeout: Duration = .seconds(60)
  /// Whether the group goes on when a rank dies, rather than end (`failure_policy: recover`).
  public var recovers = false
  /// How long a peer may stand still before it is ended, where the group then goes on.
  public var fenceAfter: Duration = .milliseconds(2500)

  /// A policy with the given looks and the usual times.
  public init(spins: Int, yields: Int) {
    self.spins = spins
    self.yields = yields
  }

  /// The policy for `world` ranks on this machine.
  ///
  /// With more ranks than cores most of those that wait only keep a core from one that works: measured with 16 ranks
  /// on 2 cores, 200 yields make a step with one busy rank more than twice as slow as 20.
  public static func standard(world: Int) -> WaitPolicy {
    world <= Processor.count ? WaitPolicy(spins: 64, yields: 200) : WaitPolicy(spins: 0, yields: 20)
  }
}

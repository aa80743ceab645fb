import Synchronization

/// How far a rank is, as anyone who holds the segment can see.
public struct RankProgress: Sendable, Hashable {
  /// Its process; nil when the rank has not joined.
  public let pid: Int32?
  /// Steps since it joined.
  public let step: UInt64
  /// Grows with each exchange of tokens that it takes part in.
  public let exchanges: UInt64
  /// The rank that it waits for, or waited for when it gave up; nil where it waits for none.
  public let awaited: Int?
  /// The layer with experts that it is in or was last in.
  public let layer: Int
  /// Busy periods of the group, the present one included.
  public let wave: UInt64
  /// Whether it sleeps because no rank has work.
  public let isPaused: Bool
  /// Time it has waited for other ranks, in nanoseconds.
  public let waitNanoseconds: UInt64
  /// Time it has computed its experts, in nanoseconds.
  public let computeNanoseconds: UInt64
}

extension GroupControl {
  /// How far `rank` is.
  public func progress(of rank: Int) -> RankProgress {
    precondition((0..<shape.world).contains(rank))
    let line = line(rank)
    let state = line.state
    let pid = Int32(bitPattern: line.pid.pointee.load(ordering: .relaxed))
    return RankProgress(
      pid: state == .absent ? nil : pid,
      step: line.step.pointee.load(ordering: .relaxed),
      exchanges: line.published(0).pointee.load(ordering: .relaxed),
      awaited: line.awaited,
      layer: Int(line.layer.pointee.load(ordering: .relaxed)),
      wave: line.wave.pointee.load(ordering: .relaxed),
      isPaused: state == .paused,
      waitNanoseconds: line.waitNanoseconds.pointee.load(ordering: .relaxed),
      computeNanoseconds: line.computeNanoseconds.pointee.load(ordering: .relaxed))
  }
}

import Platform

/// Decides when a rank that the others wait for is not slow but stuck: stopped, or doing nothing at all.
///
/// It belongs to one wait: what a rank did before, while nobody needed it, is no evidence.
/// A rank that computes uses processor time, and one that reads its weights from a disk waits for that; neither is
/// ended. What is stopped, or has not moved for the whole patience, would hold the group up for ever.
struct Fence {
  private var rank: Int?
  private var since = Instant(nanoseconds: 0)
  private var cpuNanoseconds: UInt64 = 0
  private var looks = 0

  /// A clock tick of processor time, the kernel's unit, is no progress.
  private static let noise: UInt64 = 20_000_000
  /// Time in which this rank itself hardly came to look, as when the whole machine stood still, is no evidence.
  private static let leastLooks = 20

  /// Looks at the rank that is waited for; true when it should be ended.
  mutating func isStuck(_ culprit: Int, _ record: ProcessRecord?, patience: Duration, at now: Instant) -> Bool
  {
    guard let record else { return false }
    guard culprit == rank else {
      rank = culprit
      begin(record, at: now)
      return false
    }
    looks += 1
    guard now - since >= patience, looks >= Self.leastLooks else { return false }
    let hasMoved = record.cpuNanoseconds > cpuNanoseconds + Self.noise || record.isWaitingForDisk
    if hasMoved { begin(record, at: now) }
    return !hasMoved
  }

  private mutating func begin(_ record: ProcessRecord, at now: Instant) {
    (since, cpuNanoseconds, looks) = (now, record.cpuNanoseconds, 0)
  }
}

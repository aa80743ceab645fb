import Platform
import Synchronization

/// A word in shared memory to sleep on until something else there has changed.
///
/// The sleeper announces itself before it looks a last time, the ringer looks for sleepers after its change, and both
/// cross a full fence in between: one of them sees the other, so no wake-up is lost and none is paid for in vain.
struct Bell {
  private let count: UnsafeMutablePointer<Atomic<UInt32>>
  private let sleepers: UnsafeMutablePointer<Atomic<UInt32>>

  /// A bell in the 8 bytes at `base`.
  init(_ base: UnsafeMutableRawPointer) {
    count = base.word32(at: 0)
    sleepers = base.word32(at: 4)
  }

  /// Announces a sleeper; the caller then looks at what it waits for before ``sleep(since:until:)``.
  func announce() -> UInt32 {
    let seen = count.pointee.load(ordering: .acquiring)
    sleepers.pointee.store(1, ordering: .sequentiallyConsistent)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    return seen
  }

  /// Sleeps unless the bell has rung since `seen`; may return early.
  func sleep(since seen: UInt32, until deadline: Instant) {
    Futex.wait(count, while: seen, until: deadline)
  }

  /// Wakes all sleepers; call it after the change they wait for is stored.
  func ring() {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard sleepers.pointee.load(ordering: .relaxed) != 0 else { return }
    sleepers.pointee.store(0, ordering: .relaxed)
    _ = count.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    Futex.wake(count)
  }
}

extension UnsafeMutableRawPointer {
  func word32(at offset: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    (self + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  func word64(at offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (self + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }
}

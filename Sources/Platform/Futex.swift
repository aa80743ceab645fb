import CLinux
import Glibc
public import Synchronization

/// Sleeping and waking on a 32-bit word, shared between threads or, in shared memory, between processes.
public enum Futex {
  /// Sleeps while `word` holds `expected`, at most until `deadline`.
  ///
  /// May return early for no reason, so the caller looks at the word again.
  public static func wait(
    _ word: UnsafeMutablePointer<Atomic<UInt32>>, while expected: UInt32, until deadline: Instant
  ) {
    let left = deadline == .never ? UInt64(60_000_000_000) : (deadline - .now).wholeNanoseconds
    guard left > 0 else { return }
    _ = clinux_futex_wait(address(word), expected, left)
  }

  /// Wakes up to `count` sleepers of `word`.
  public static func wake(_ word: UnsafeMutablePointer<Atomic<UInt32>>, count: Int32 = .max) {
    _ = clinux_futex_wake(address(word), count)
  }

  private static func address(_ word: UnsafeMutablePointer<Atomic<UInt32>>) -> UnsafePointer<UInt32> {
    UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self)
  }
}

/// Hints about the processor and the calling thread.
public enum Processor {
  /// Tells the core that the thread spins.
  public static func relax() { clinux_cpu_relax() }

  /// The number of processors that this process may use.
  public static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Whether it has AVX-512 F, BW, VL and DQ.
  public static var hasAVX512: Bool { clinux_cpu_has_avx512() }

  /// Lets other threads of the machine go before the calling one, by `steps` of niceness.
  public static func lowerThreadPriority(by steps: Int32) {
    // On Linux niceness is each thread's own, and 0 names the caller.
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, steps)
  }

  /// Processor time of the calling thread, in nanoseconds.
  public static var threadNanoseconds: UInt64 { clinux_thread_cpu_ns() }

  /// Names the calling thread (at most 15 bytes), as `top -H` shows it.
  public static func nameThread(_ name: String) { _ = clinux_set_thread_name(name) }

  /// Keeps the calling thread on one processor; does nothing when it does not exist.
  public static func pinThread(to cpu: Int) { _ = clinux_pin_thread(Int32(cpu)) }
}

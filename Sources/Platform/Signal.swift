/// A one-shot event that tasks of the loop wait for with a deadline.
@Loop
public final class Signal {
  /// Whether the event has happened.
  public private(set) var isFired = false
  private var waiters: [Waiter] = []

  private final class Waiter {
    let continuation: UnsafeContinuation<Bool, Never>
    let timer = LoopTimer()
    init(_ continuation: UnsafeContinuation<Bool, Never>) { self.continuation = continuation }
  }

  /// An event that has not happened.
  public nonisolated init() {}

  /// Lets every present and future waiter go on.
  public func fire() {
    isFired = true
    let released = waiters
    waiters.removeAll()
    for waiter in released {
      waiter.timer.cancel()
      waiter.continuation.resume(returning: true)
    }
  }

  /// Waits for the event; false when `deadline` came first.
  public func wait(until deadline: Instant) async -> Bool {
    if isFired { return true }
    return await withUnsafeContinuation { continuation in
      // A task without the loop as its preferred executor lets others run on its way here.
      if isFired { return continuation.resume(returning: true) }
      let waiter = Waiter(continuation)
      waiters.append(waiter)
      waiter.timer.set(deadline) { [unowned self] in
        waiters.removeAll { $0 === waiter }
        continuation.resume(returning: false)
      }
    }
  }
}

/// The process's event-loop thread as a global actor: whatever owns sockets, child processes or timers is `@Loop`.
///
/// All its code runs on one thread, so its state needs no locks, and an `await` between `@Loop` functions never
/// changes threads.
@globalActor
public actor Loop {
  /// The actor's instance.
  public static let shared = Loop()

  /// The epoll loop itself.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { EventLoop.shared.asUnownedSerialExecutor() }

  /// Runs `body` at once as code of the loop; traps when the caller is not on the loop's thread.
  ///
  /// For callbacks that the compiler cannot see to be on the thread, as `MainActor.assumeIsolated` does.
  public static func assumeIsolated<Result>(_ body: @Loop () throws -> Result) rethrows -> Result {
    EventLoop.shared.checkIsolated()
    return try withoutActuallyEscaping(body) { body in
      try unsafeBitCast(body, to: (() throws -> Result).self)()
    }
  }

  /// Runs `body` as a task whose every step is taken on the loop's thread.
  ///
  /// A plain `Task` is as right, but pays for two switches of threads whenever it has waited.
  @discardableResult
  public nonisolated static func task<Value: Sendable>(
    _ body: @escaping @Loop @Sendable () async -> Value
  ) -> Task<Value, Never> {
    Task(executorPreference: EventLoop.shared, operation: body)
  }

  /// Suspends the task for `duration`; returns early when the task is cancelled.
  @Loop
  public static func sleep(for duration: Duration) async {
    await sleep(until: .after(duration))
  }

  /// Suspends the task until `instant`; returns early when the task is cancelled.
  @Loop
  public static func sleep(until instant: Instant) async {
    let signal = Signal()
    await withTaskCancellationHandler {
      _ = await signal.wait(until: instant)
    } onCancel: {
      Loop.task { signal.fire() }
    }
  }
}

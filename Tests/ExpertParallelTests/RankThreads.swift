import Glibc
import Platform
import Synchronization

@testable import ExpertParallel

/// Runs each rank of a group on a thread of its own over one segment, and gives what each returned or threw.
func runRanks<Result: Sendable>(
  _ shape: ExchangeShape, epoch: UInt64 = 7, timeout: Duration = .seconds(30), yields: Int = 50,
  transport: Transport = Transport(),
  _ body: @escaping @Sendable (ExpertGroup) throws(ExpertParallelError) -> Result
) throws -> [Swift.Result<Result, ExpertParallelError>] {
  let segment = try GroupControl.makeSegment()
  var policy = WaitPolicy(spins: 0, yields: yields)
  policy.timeout = timeout
  return try runThreads(shape.world, segment) { [policy] rank, segment throws(ExpertParallelError) in
    let control = try GroupControl(
      segment: segment, rank: rank, shape: shape, epoch: epoch, transport: transport,
      until: .after(.seconds(30)))
    let group = try ExpertGroup(control, policy: policy)
    try group.join(until: .after(.seconds(30)))
    return try body(group)
  }
}

/// Runs `body` for each rank on its own thread with its own descriptor of `segment`.
func runThreads<Result: Sendable>(
  _ world: Int, _ segment: borrowing SharedMemory,
  _ body: @escaping @Sendable (Int, consuming SharedMemory) throws(ExpertParallelError) -> Result
) throws -> [Swift.Result<Result, ExpertParallelError>] {
  var threads: [RankThread<Result>] = []
  for rank in 0..<world {
    let descriptor = try segment.descriptor.duplicate().release()
    threads.append(
      RankThread { () throws(ExpertParallelError) in
        try body(rank, SharedMemory(FileDescriptor(owning: descriptor)))
      })
  }
  return threads.map { $0.join() }
}

/// A plain thread with a result.
final class RankThread<Success: Sendable>: Sendable {
  private let outcome: Mutex<Result<Success, ExpertParallelError>?>
  private let handle: Mutex<pthread_t>

  init(_ body: @escaping @Sendable () throws(ExpertParallelError) -> Success) {
    outcome = Mutex(nil)
    handle = Mutex(pthread_t())
    let work = ThreadWork { [self] in
      let result: Result<Success, ExpertParallelError>
      do throws(ExpertParallelError) { result = .success(try body()) } catch { result = .failure(error) }
      outcome.withLock { $0 = result }
    }
    handle.withLock { handle in
      let code = pthread_create(&handle, nil, startThread, Unmanaged.passRetained(work).toOpaque())
      precondition(code == 0, "pthread_create: \(code)")
    }
  }

  func join() -> Result<Success, ExpertParallelError> {
    pthread_join(handle.withLock { $0 }, nil)
    guard let result = outcome.withLock({ $0 }) else { preconditionFailure("the thread left no result") }
    return result
  }
}

private final class ThreadWork: Sendable {
  let body: @Sendable () -> Void
  init(body: @escaping @Sendable () -> Void) { self.body = body }
}

private func startThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body() }
  return nil
}

/// A gate that threads wait at until it is opened.
final class Gate: Sendable {
  private let opened = Atomic<Bool>(false)

  func open() { opened.store(true, ordering: .releasing) }

  func wait() {
    let deadline = Instant.after(.seconds(30))
    while !opened.load(ordering: .acquiring), Instant.now < deadline { sched_yield() }
  }
}

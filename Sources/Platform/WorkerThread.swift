import Glibc
import Synchronization

/// A thread that runs the jobs of one actor in order, so that what blocks never holds the event loop up.
public final class WorkerThread: SerialExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  /// Never moved or freed; the kernel's calls on it are safe from any thread.
  private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

  /// Starts the thread, which lives as long as the process does.
  public init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
    var thread = pthread_t()
    let box = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil,
      { box in
        guard let box else { return nil }
        Unmanaged<WorkerThread>.fromOpaque(box).takeUnretainedValue().run()
      }, box)
    pthread_detach(thread)
  }

  /// Runs a job after those before it.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    sem_post(semaphore)
  }

  private func run() -> Never {
    while true {
      while sem_wait(semaphore) != 0 {}
      let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      job?.runSynchronously(on: asUnownedSerialExecutor())
    }
  }
}

import CLinux
import Glibc
import Synchronization

/// One thread over epoll that runs ready jobs, timers and descriptor events: the executor behind ``Loop``.
///
/// It is a task executor, too: a continuation resumes its task outside of every actor, which for a task without a
/// preference means on a thread of the global pool, and so two switches of threads on the way back to the loop.
///
/// A program that has a `main` of its own gives the main thread to it by ``run(_:)``; in a test process the first
/// job starts a thread for it.
public final class EventLoop: SerialExecutor, TaskExecutor {
  /// The process's loop.
  public static let shared = EventLoop()

  private struct Inbox {
    var jobs: [UnownedJob] = []
    var isRunning = false
    var isWoken = false
  }

  private let epoll: Int32
  private let waker: Int32
  private let inbox = Mutex(Inbox())
  private let thread = Atomic<UInt>(0)
  /// Jobs that the loop's own thread made; touched by that thread only.
  private nonisolated(unsafe) var jobs: [UnownedJob] = []
  @Loop let core = LoopCore()

  private init() {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    waker = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    precondition(epoll >= 0 && waker >= 0, "the kernel refused an epoll descriptor: \(errno)")
    var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data(u64: UInt64(waker)))
    epoll_ctl(epoll, EPOLL_CTL_ADD, waker, &event)
  }

  /// Makes the calling thread the loop's, runs `body` on it and ends the process with the code that it returns.
  public func run(_ body: @escaping @Loop @Sendable () async -> Int32) -> Never {
    let wasRunning = inbox.withLock { inbox in
      defer { inbox.isRunning = true }
      return inbox.isRunning
    }
    precondition(!wasRunning, "the event loop already runs on another thread")
    Loop.task { exit(await body()) }
    turnForever()
  }

  /// Queues `job` for the loop's thread.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent { jobs.append(job) } else { enqueueFromOutside(job) }
  }

  /// Traps when the caller is not on the loop's thread.
  public func checkIsolated() {
    precondition(isCurrent, "not on the event loop's thread")
  }

  private var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  private func enqueueFromOutside(_ job: UnownedJob) {
    let (mustWake, mustStart) = inbox.withLock { inbox in
      let before = (!inbox.isWoken, !inbox.isRunning)
      inbox.jobs.append(job)
      inbox.isWoken = true
      inbox.isRunning = true
      return before
    }
    if mustWake { eventfd_write(waker, 1) }
    if mustStart { startThread() }
  }

  private func startThread() {
    var id = pthread_t()
    pthread_create(&id, nil, { _ in EventLoop.shared.turnForever() }, nil)
  }

  private func turnForever() -> Never {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    while true {
      runJobs()
      Loop.assumeIsolated { turn() }
    }
  }

  private func runJobs() {
    let batch = jobs
    jobs = []
    let (serial, tasks) = (asUnownedSerialExecutor(), asUnownedTaskExecutor())
    for job in batch { job.runSynchronously(isolatedTo: serial, taskExecutor: tasks) }
  }

  @Loop
  private func turn() {
    let now = Instant.now
    for entry in core.timers.takeDue(at: now) { entry.timer.entryCame(at: entry.instant, now: now) }
    waitForEvents(milliseconds: jobs.isEmpty ? core.timers.millisecondsToNext(from: now) : 0)
  }

  @Loop
  private func waitForEvents(milliseconds: Int32) {
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { events in
      let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), milliseconds)
      for event in events.prefix(max(0, Int(count))) {
        let fd = Int32(truncatingIfNeeded: event.data.u64)
        if fd == waker { takeInbox() } else { core.sources[fd]?.descriptor.notify(event.events) }
      }
    }
  }

  private func takeInbox() {
    var value: eventfd_t = 0
    eventfd_read(waker, &value)
    let arrived = inbox.withLock { inbox in
      inbox.isWoken = false
      let arrived = inbox.jobs
      inbox.jobs.removeAll(keepingCapacity: true)
      return arrived
    }
    jobs.append(contentsOf: arrived)
  }
}

extension EventLoop {
  /// Watches `fd` for `events`, edge-triggered, and tells `source`.
  @Loop
  func add(_ fd: Int32, events: UInt32, source: AsyncDescriptor) throws(SystemError) {
    var event = epoll_event(events: events, data: epoll_data(u64: UInt64(fd)))
    try checking("epoll_ctl") { epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) }
    core.sources[fd] = LoopCore.Source(descriptor: source)
  }

  /// Stops watching `fd`.
  @Loop
  func remove(_ fd: Int32) {
    core.sources[fd] = nil
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nil)
  }
}

/// What the loop waits for.
@Loop
final class LoopCore {
  var timers = TimerHeap()
  var sources: [Int32: Source] = [:]

  /// Not owned: a descriptor that everybody let go of closes itself, and leaves this table as it does.
  struct Source {
    unowned(unsafe) let descriptor: AsyncDescriptor
  }

  nonisolated init() {}
}

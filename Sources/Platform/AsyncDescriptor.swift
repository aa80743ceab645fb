import CLinux
import Glibc

/// A non-blocking descriptor whose owner waits on the loop for it to become readable or writable.
///
/// Registered once, edge-triggered: the owner tries its call first and waits only after `EAGAIN`.
/// At most one task waits in each direction.
@Loop
public final class AsyncDescriptor {
  /// Why a wait ended.
  public enum Outcome: Sendable {
    /// The call is worth trying again.
    case ready
    /// The deadline passed.
    case timedOut
    /// ``close()`` was called.
    case closed
  }

  /// The number the kernel gave; -1 after ``close()``.
  public private(set) var raw: Int32
  /// Whether the peer has hung up or the descriptor failed.
  public private(set) var isHungUp = false
  /// Called once when the peer hangs up or the descriptor fails, whether or not somebody waits; at once when it has.
  public var onHangup: (@Loop () -> Void)? {
    didSet { if isHungUp { tellHangup() } }
  }

  /// Called once when a read is worth trying, in place of a task that waits for it; at once when it is already.
  public var onReadable: (@Loop () -> Void)? {
    get { reader.callback }
    set { reader.callback = newValue }
  }

  private let reader = Waiter()
  private let writer = Waiter()
  private let events: UInt32

  /// Takes ownership of `descriptor`, which must be non-blocking, and watches it.
  ///
  /// - Parameter exclusive: wake only some of the processes that watch the same open file (`EPOLLEXCLUSIVE`), for a
  ///   listening socket shared by many.
  /// - Throws: the error of `epoll_ctl`, such as `EPERM` for a regular file.
  public init(_ descriptor: consuming FileDescriptor, exclusive: Bool = false) throws(SystemError) {
    raw = descriptor.release()
    events =
      exclusive
      ? EPOLLIN.rawValue | EPOLLET.rawValue | EPOLLEXCLUSIVE.rawValue
      : EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
    do {
      try EventLoop.shared.add(raw, events: events, source: self)
    } catch {
      Glibc.close(raw)
      throw error
    }
  }

  isolated deinit { close() }

  /// Waits until a read is worth trying.
  public func readable(until deadline: Instant) async -> Outcome { await wait(reader, deadline) }

  /// Waits until a write is worth trying.
  public func writable(until deadline: Instant) async -> Outcome { await wait(writer, deadline) }

  /// Closes the descriptor; whoever waits is told ``Outcome/closed``.
  public func close() {
    guard raw >= 0 else { return }
    EventLoop.shared.remove(raw)
    Glibc.close(raw)
    raw = -1
    onHangup = nil
    onReadable = nil
    reader.resume(.closed)
    writer.resume(.closed)
  }

  /// Whether something came since it was last asked, though nobody waited for it.
  func takeReadiness() -> Bool { reader.takeReadiness() }

  /// Stops watching for a while, so that the kernel wakes another process that watches the same open file.
  func suspend() { if raw >= 0 { EventLoop.shared.remove(raw) } }

  /// Watches again; what has happened meanwhile is told at once.
  func resume() throws(SystemError) {
    if raw >= 0 { try EventLoop.shared.add(raw, events: events, source: self) }
  }

  /// Lets who waits for a read try it.
  func wakeReader() { reader.becameReady() }

  private func wait(_ side: Waiter, _ deadline: Instant) async -> Outcome {
    await withUnsafeContinuation { continuation in
      // Looked at here and not before: a task without the loop as its preferred executor lets others run on its way.
      if raw < 0 { return continuation.resume(returning: .closed) }
      if side.takeReadiness() { return continuation.resume(returning: .ready) }
      side.park(continuation, until: deadline)
    }
  }

  func notify(_ events: UInt32) {
    let failed = events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
    if failed || events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 { reader.becameReady() }
    if failed || events & EPOLLOUT.rawValue != 0 { writer.becameReady() }
    if failed || events & EPOLLRDHUP.rawValue != 0 {
      isHungUp = true
      tellHangup()
    }
  }

  private func tellHangup() {
    guard let hangup = onHangup else { return }
    onHangup = nil
    hangup()
  }
}

/// One direction of a descriptor: a remembered edge, or the task that waits for the next one.
@Loop
private final class Waiter {
  private var isReady = false
  private var continuation: UnsafeContinuation<AsyncDescriptor.Outcome, Never>?
  private let timer = LoopTimer()
  var callback: (@Loop () -> Void)? { didSet { if callback != nil, isReady { call() } } }

  func takeReadiness() -> Bool {
    defer { isReady = false }
    return isReady
  }

  func park(_ continuation: UnsafeContinuation<AsyncDescriptor.Outcome, Never>, until deadline: Instant) {
    precondition(self.continuation == nil, "two tasks wait on one side of a descriptor")
    self.continuation = continuation
    guard deadline != .never else { return }
    timer.set(deadline) { [unowned self] in resume(.timedOut) }
  }

  func becameReady() {
    if continuation != nil { return resume(.ready) }
    isReady = true
    if callback != nil { call() }
  }

  private func call() {
    let callback = callback
    self.callback = nil
    callback?()
  }

  func resume(_ outcome: AsyncDescriptor.Outcome) {
    timer.cancel()
    continuation?.resume(returning: outcome)
    continuation = nil
  }
}

/// A timer of the loop that can be moved and cancelled at no cost.
@Loop
public final class LoopTimer {
  private var deadline = Instant.never
  private var entry = Instant.never
  private var action: (() -> Void)?

  /// A timer that is not set.
  public nonisolated init() {}

  /// Whether the timer is going to fire.
  public var isSet: Bool { action != nil && deadline != .never }

  /// Runs `action` at `instant`, in place of what was set before.
  public func set(_ instant: Instant, _ action: @escaping @Loop () -> Void) {
    self.action = action
    move(to: instant)
  }

  /// Fires at `instant` instead.
  public func move(to instant: Instant) {
    deadline = instant
    guard instant != .never, instant < entry else { return }
    entry = instant
    EventLoop.shared.core.timers.add(self, at: instant)
  }

  /// Forgets what was set.
  public func cancel() {
    deadline = .never
    action = nil
  }

  /// The heap's entry for `instant` came up: fire, or wait on when the timer was moved meanwhile.
  func entryCame(at instant: Instant, now: Instant) {
    guard instant == entry else { return }
    entry = .never
    if deadline <= now {
      let action = action
      cancel()
      action?()
    } else {
      move(to: deadline)
    }
  }
}

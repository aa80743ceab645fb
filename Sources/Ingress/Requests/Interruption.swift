import Platform

/// What may end a request from outside while it waits for something else.
@Loop
final class Interruption {
  enum Reason {
    /// Nobody reads the answer any more.
    case clientGone
    /// The replica ends, and its time for finishing requests is over.
    case drained
  }

  private(set) var reason: Reason?
  /// What to do then; done at once when it has happened.
  var onHappening: (@Loop () -> Void)? {
    didSet { if reason != nil { tell() } }
  }

  /// Ends the request; only the first reason counts.
  func happen(_ reason: Reason) {
    guard self.reason == nil else { return }
    self.reason = reason
    tell()
  }

  private func tell() {
    guard let action = onHappening else { return }
    onHappening = nil
    action()
  }
}

/// The queue of an ingress replica, as the load board tells it.
public struct BoardQueue: Equatable, Sendable {
  /// Requests that wait there.
  public var waiting: Int
  /// Requests from there that a rank has.
  public var inFlight: Int
  /// The place of the first that waits among all replicas' queues, the lowest first; 0 when nobody waits.
  public var front: UInt64

  /// A queue.
  public init(waiting: Int = 0, inFlight: Int = 0, front: UInt64 = 0) {
    self.waiting = waiting
    self.inFlight = inFlight
    self.front = front
  }

  /// The place of a request: by priority, of which the lower goes first, then by arrival.
  ///
  /// - Parameter arrival: nanoseconds of the machine's monotonic clock.
  public static func front(priority: Int, arrival: UInt64) -> UInt64 {
    UInt64(min(max(priority, -127), 127) + 128) << 56 | arrival >> 8
  }
}

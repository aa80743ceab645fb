/// What HAProxy is to do with one ingress replica.
public enum SlotState: String, Sendable, Codable {
  /// It takes requests, as long as its health checks do not object.
  case ready
  /// It finishes what it has.
  case drain
  /// Nothing is sent there, and it is not checked.
  case maint
}

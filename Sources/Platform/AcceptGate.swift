/// Says when a process may take connections from a listening socket that others take from too.
@Loop
public protocol AcceptGate: AnyObject {
  /// Whether the next connection may be taken.
  var isOpen: Bool { get }

  /// Whether a connection that the others left for a while may be taken although the gate is closed.
  var takesLeftovers: Bool { get }

  /// Waits until the gate is open, or so long that what still waits on the socket has to be taken all the same.
  func waitForTurn() async
}

import Platform
import Telemetry

/// Keeps a replica from taking more than its share of the clients' connections.
///
/// All replicas accept on one socket, so that none can take a queued connect with it when it ends; but of those that
/// sleep the kernel wakes the same one again and again. So whoever is ahead of the replica with the fewest steps
/// aside and rings there. A connection that nobody takes for some milliseconds is taken all the same.
@Loop
final class ConnectionShare: AcceptGate {
  private let peers: Peers
  private var connections = 0
  private var isAccepting = true
  private var turn: Signal?
  private var patience = ConnectionShare.firstPatience
  /// How long what others should take may wait: at first, and after nothing was found to wait.
  private static let firstPatience = Duration.milliseconds(10)
  private static let longestPatience = Duration.milliseconds(160)

  init(_ peers: Peers) {
    self.peers = peers
    publish()
  }

  /// Connections that a replica may have when another one has `least`.
  nonisolated static func limit(over least: Int) -> Int { least + 2 + least / 8 }

  var isOpen: Bool {
    guard let least = peers.leastConnected() else { return true }
    return isAccepting && connections < Self.limit(over: least.connections)
  }

  var takesLeftovers: Bool { isAccepting }

  func waitForTurn() async {
    if let least = peers.leastConnected() { peers.ring(least.peer) }
    let turn = Signal()
    self.turn = turn
    let wasCalled = await turn.wait(until: .after(patience))
    self.turn = nil
    patience = wasCalled ? Self.firstPatience : min(patience * 2, Self.longestPatience)
  }

  /// Notes how many connections there are.
  func connectionsChanged(to count: Int) {
    let isMore = count > connections
    connections = count
    publish()
    if isMore { patience = Self.firstPatience } else { reconsider() }
  }

  /// Looks again whether it is this replica's turn; to be called when the board may have changed.
  func reconsider() { if let turn, isOpen { turn.fire() } }

  /// Tells the others once a second that this replica lives.
  func beat() {
    publish()
    reconsider()
  }

  /// Leaves all further connections to the others.
  func leave() {
    isAccepting = false
    publish()
    // The kernel may have woken this replica for a connection that it will not take any more.
    for peer in peers.others where peers.board.presence(replica: peer) != nil { peers.ring(peer) }
    turn?.fire()
  }

  /// Takes connections again.
  func comeBack() {
    isAccepting = true
    publish()
    reconsider()
  }

  private func publish() {
    let presence = BoardPresence(beat: Peers.now, isAccepting: isAccepting, connections: connections)
    peers.board.set(presence, replica: peers.replica)
  }
}

import HTTP
import Platform

/// A leave that a replica takes from its clients, until it is called back: an operator may then stop it at no cost.
@Loop
final class Leave {
  private let service: IngressService
  private let share: ConnectionShare
  private let clients: HTTPServer

  init(_ service: IngressService, _ share: ConnectionShare, _ clients: HTTPServer) {
    self.service = service
    self.share = share
    self.clients = clients
  }

  /// Whether it lasts.
  var isTaken: Bool { service.isDraining }
  /// Requests that are still being served.
  var activeCount: Int { service.activeCount }
  /// Connections of clients.
  var connectionCount: Int { clients.connectionCount }

  /// Leaves new connections to the other replicas, closes idle ones, and each other one with its answer.
  func take() {
    service.beginDraining()
    share.leave()
    clients.rest()
  }

  /// Waits until no request is served; false when `deadline` came first.
  func isQuiet(by deadline: Instant) async -> Bool { await service.becameIdle(by: deadline) }

  /// Takes connections as before.
  func end() {
    service.endDraining()
    clients.resume()
    share.comeBack()
    clients.lookAgain()
  }
}

import HTTP
import Platform

/// A listening socket and the server on it, which begins to answer when it is told how.
@Loop
final class HTTPServerBox {
  private let listener: Listener
  private var server: HTTPServer?

  /// Opens the socket; one in the file system gets mode 0600.
  init(_ endpoint: Endpoint) throws(ControllerError) {
    do { listener = try Listener(try Listener.open(endpoint)) } catch { throw .socket("\(error)") }
  }

  func start(_ handler: @escaping HTTPServer.Handler) {
    let server = HTTPServer(listener, handler: handler)
    self.server = server
    Loop.task { await server.run() }
  }

  /// Stops accepting, and waits a little for answers under way.
  func stop() async { _ = await server?.drain(until: .after(.seconds(2))) }
}

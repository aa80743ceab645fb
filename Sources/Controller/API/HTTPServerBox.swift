import HTTP
import Platform

/// The API's socket and the server on it, which begins to answer when it is told how.
@Loop
final class HTTPServerBox {
  private let listener: Listener
  private var server: HTTPServer?

  /// Opens the socket, mode 0600.
  init(path: String) throws(ControllerError) {
    do { listener = try Listener(try Listener.open(.unix(path: path))) } catch { throw .socket("\(error)") }
  }

  func start(_ handler: @escaping HTTPServer.Handler) {
    let server = HTTPServer(listener, handler: handler)
    self.server = server
    Loop.task { await server.run() }
  }

  /// Stops accepting, and waits a little for answers under way.
  func stop() async { _ = await server?.drain(until: .after(.seconds(2))) }
}

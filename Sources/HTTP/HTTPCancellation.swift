public import Platform

/// Gives a request of ``HTTPClient`` up from elsewhere, as when the one it is made for has gone.
@Loop
public final class HTTPCancellation {
  /// Whether ``cancel()`` was called.
  public private(set) var isCancelled = false

  private weak var connection: HTTPConnection?

  /// A cancellation for one request.
  public nonisolated init() {}

  /// Closes the request's connection, which tells the server to stop; whoever waits for the answer gets `ECANCELED`.
  public func cancel() {
    isCancelled = true
    connection?.close()
  }

  /// Makes `connection` the one to close.
  func guardOver(_ connection: HTTPConnection) {
    self.connection = connection
    if isCancelled { connection.close() }
  }
}

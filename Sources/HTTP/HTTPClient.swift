public import Platform

/// Requests to one endpoint over connections that are kept for the next.
@Loop
public final class HTTPClient {
  /// Who is asked.
  public let endpoint: Endpoint

  private let limits: HTTPLimits
  private var idle: [Idle] = []
  private static let mostIdle = 64
  /// Shorter than any server's, so that a connection is rarely picked up while the server drops it.
  private static let idleLifetime = Duration.seconds(30)

  private struct Idle {
    let connection: HTTPConnection
    let expiry: Instant
  }

  /// Asks `endpoint`.
  public nonisolated init(_ endpoint: Endpoint, limits: HTTPLimits = HTTPLimits()) {
    self.endpoint = endpoint
    self.limits = limits
  }

  /// Sends a request and waits for the head of its answer.
  ///
  /// A kept connection that turns out to be dead before the first byte of an answer is replaced once by a new one.
  /// - Parameters:
  ///   - head: the request without its `Content-Length`, which is added.
  ///   - connectTimeout: for a new connection; `deadline` bounds the whole.
  ///   - cancellation: gives the request up from elsewhere, before or after its head has come.
  public func send(
    _ method: String, head: HeadWriter, body: [UInt8], connectTimeout: Duration = .seconds(5),
    cancellation: HTTPCancellation = HTTPCancellation(), until deadline: Instant
  ) async throws(HTTPError) -> HTTPAnswer {
    var writer = head
    writer.field("Content-Length", String(body.count))
    let bytes = writer.finished() + body
    if let kept = takeIdle() {
      do { return try await exchange(method, bytes, on: kept, cancellation, until: deadline) } catch {
        guard error.isDeadConnection, !cancellation.isCancelled else { throw error }
      }
    }
    let connection = try await connect(connectTimeout, until: deadline)
    return try await exchange(method, bytes, on: connection, cancellation, until: deadline)
  }

  /// Sends a request and reads its whole answer.
  public func request(
    _ method: String, _ target: String, fields: [(String, String)] = [], body: [UInt8] = [],
    until deadline: Instant
  ) async throws(HTTPError) -> (status: Int, body: [UInt8]) {
    var head = HeadWriter(method: method, target: target, host: "localhost")
    for (name, value) in fields { head.field(name, value) }
    let answer = try await send(method, head: head, body: body, until: deadline)
    var whole: [UInt8] = []
    while let piece = try await answer.read(until: deadline) {
      whole += piece
      guard whole.count <= limits.bodyBytes else { throw .malformed(status: 413, "the answer is too large") }
    }
    return (answer.head.status, whole)
  }

  /// Closes the connections that nobody uses.
  public func closeIdle() {
    for kept in idle { kept.connection.close() }
    idle.removeAll()
  }

  private func takeIdle() -> HTTPConnection? {
    let now = Instant.now
    while let kept = idle.popLast() {
      if kept.expiry > now, !kept.connection.socket.isClosed { return kept.connection }
      kept.connection.close()
    }
    return nil
  }

  fileprivate func keep(_ connection: HTTPConnection) {
    guard idle.count < Self.mostIdle, !connection.hasUnusedBytes else { return connection.close() }
    connection.socket.onHangup = { [weak connection] in connection?.close() }
    idle.append(Idle(connection: connection, expiry: .after(Self.idleLifetime)))
  }

  private func connect(_ timeout: Duration, until deadline: Instant) async throws(HTTPError) -> HTTPConnection
  {
    do {
      let socket = try await Socket.connect(to: endpoint, until: min(deadline, .after(timeout)))
      return HTTPConnection(socket, limits: limits)
    } catch {
      throw .system(error)
    }
  }

  private func exchange(
    _ method: String, _ bytes: [UInt8], on connection: HTTPConnection, _ cancellation: HTTPCancellation,
    until deadline: Instant
  ) async throws(HTTPError) -> HTTPAnswer {
    connection.socket.onHangup = nil
    cancellation.guardOver(connection)
    do {
      try await connection.write(bytes)
      let head = try await connection.readResponseHead(to: method, until: deadline)
      return HTTPAnswer(head, connection, self)
    } catch {
      connection.close()
      throw error
    }
  }
}

extension HTTPError {
  /// Whether the peer had closed the connection, as a server does with one that was idle too long.
  fileprivate var isDeadConnection: Bool {
    switch self {
    case .truncated: true
    case .system(let error): !error.isTimeout
    case .malformed: false
    }
  }
}

/// An answer whose body is read piece by piece.
@Loop
public final class HTTPAnswer {
  /// The answer's status and fields.
  public let head: MessageHead

  private let connection: HTTPConnection
  private let client: HTTPClient
  private var isDone = false

  init(_ head: MessageHead, _ connection: HTTPConnection, _ client: HTTPClient) {
    self.head = head
    self.connection = connection
    self.client = client
  }

  /// The next piece of the body, as it arrived; nil at its end, after which the connection serves the next request.
  public func read(until deadline: Instant) async throws(HTTPError) -> [UInt8]? {
    guard !isDone else { return nil }
    do {
      if let piece = try await connection.readBody(until: deadline) { return piece }
    } catch {
      cancel()
      throw error
    }
    finish()
    return nil
  }

  /// Drops the rest of the answer by closing its connection, which tells the server to stop.
  public func cancel() {
    guard !isDone else { return }
    isDone = true
    connection.close()
  }

  private func finish() {
    isDone = true
    if head.keepsAlive { client.keep(connection) } else { connection.close() }
  }
}

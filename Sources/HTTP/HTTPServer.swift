public import Platform

/// A server on one listening socket; every connection is a task of the loop.
@Loop
public final class HTTPServer {
  /// Answers one exchange: what has not been answered when it returns is answered 500 or, in mid-stream, cut.
  public typealias Handler = @Loop (HTTPExchange) async -> Void
  /// Words the answer to what is no valid request, of which the status and the fault are known.
  public typealias Refusal = @Loop (Int, String) -> (contentType: String, body: [UInt8])

  /// Connections that are open now.
  public private(set) var connectionCount = 0 {
    didSet { onConnectionCount?(connectionCount) }
  }
  /// Told of every change of ``connectionCount``.
  public var onConnectionCount: (@Loop (Int) -> Void)?
  /// Exchanges that are being answered now.
  public private(set) var exchangeCount = 0

  private let listener: Listener
  private let limits: HTTPLimits
  private let handler: Handler
  private let refusal: Refusal
  /// Connections whose next head has not arrived, and in which order they began to wait for it.
  private var idle: [ObjectIdentifier: (connection: HTTPConnection, turn: Int)] = [:]
  private var turns = 0
  private var isDraining = false
  private var drained: Signal?

  /// Answers on `listener` with `handler`, from ``run()`` on.
  public init(
    _ listener: Listener, limits: HTTPLimits = HTTPLimits(),
    refusal: @escaping Refusal = { ("text/plain; charset=utf-8", Array("\($1)\n".utf8)) },
    handler: @escaping Handler
  ) {
    self.listener = listener
    self.limits = limits
    self.refusal = refusal
    self.handler = handler
  }

  /// Accepts until ``drain(until:)``.
  ///
  /// Beyond `limits.connections`, and when the process is out of descriptors, the connection that was idle longest is
  /// closed for the new one.
  public func run() async {
    while !isDraining {
      do {
        guard let socket = try await listener.accept() else { return }
        let connection = HTTPConnection(socket, limits: limits)
        connectionCount += 1
        if connectionCount > limits.connections { closeLongestIdle() }
        Task { await self.serve(connection) }
      } catch {
        closeLongestIdle()
        await Loop.sleep(for: .milliseconds(100))
      }
    }
  }

  /// Forgets it at once, too: its own task notices later, and the next call must find another.
  private func closeLongestIdle() {
    guard let longest = idle.min(by: { $0.value.turn < $1.value.turn }) else { return }
    idle[longest.key] = nil
    longest.value.connection.close()
  }

  /// Looks for connections now, as ``Listener/lookAgain()`` does.
  public func lookAgain() { listener.lookAgain() }

  /// Stops accepting, closes idle connections and waits for the exchanges under way.
  ///
  /// - Returns: whether all were finished before `deadline`.
  public func drain(until deadline: Instant) async -> Bool {
    isDraining = true
    listener.close()
    for waiting in idle.values { waiting.connection.close() }
    guard exchangeCount > 0 else { return true }
    let signal = drained ?? Signal()
    drained = signal
    return await signal.wait(until: deadline)
  }

  private func serve(_ connection: HTTPConnection) async {
    while !isDraining, await serveOne(on: connection) {}
    connection.close()
    connectionCount -= 1
  }

  /// Serves one exchange; false when the connection is done with.
  private func serveOne(on connection: HTTPConnection) async -> Bool {
    let head: MessageHead?
    let key = ObjectIdentifier(connection)
    turns += 1
    idle[key] = (connection, turns)
    do {
      head = try await connection.readRequestHead()
      idle[key] = nil
    } catch {
      idle[key] = nil
      await refuse(connection, error)
      return false
    }
    guard let head else { return false }
    return await answer(HTTPExchange(head, connection))
  }

  private func answer(_ exchange: HTTPExchange) async -> Bool {
    exchangeCount += 1
    defer {
      exchangeCount -= 1
      if isDraining, exchangeCount == 0 { drained?.fire() }
    }
    if isDraining { exchange.closeAfterAnswer() }
    await handler(exchange)
    return await exchange.finish()
  }

  private func refuse(_ connection: HTTPConnection, _ error: HTTPError) async {
    guard case .malformed(let status, let reason) = error else { return }
    var head = HeadWriter(status: status)
    let (contentType, body) = refusal(status, reason)
    head.field("Content-Type", contentType)
    head.field("Content-Length", String(body.count))
    head.field("Connection", "close")
    try? await connection.write(head.finished() + body)
    await connection.closeLingering()
  }
}

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

  /// Idle connections that no task waits on.
  public var parkedCount: Int { idle.values.count { $0.isParked } }

  private let listener: Listener
  private let limits: HTTPLimits
  private let handler: Handler
  private let refusal: Refusal
  /// Whether connections end with the answer they have, or at once when they have none: for a while, so that clients go
  /// elsewhere.
  public private(set) var isResting = false
  /// Connections whose next head has not arrived, and in which order they began to wait for it.
  private var idle: [ObjectIdentifier: Idle] = [:]
  private let sweep = LoopTimer()
  private var turns = 0
  private var isDraining = false
  private var drained: Signal?

  private struct Idle {
    let connection: HTTPConnection
    let turn: Int
    let since: Instant
    /// Whether no task waits for it any more.
    var isParked = false
  }

  /// A connection that says nothing for so long gives up its task, which is most of its memory.
  private static let parkedAfter = Duration.milliseconds(50)
  private static let sweepInterval = Duration.seconds(1)

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
        Loop.task { await self.serve(connection) }
      } catch {
        closeLongestIdle()
        await Loop.sleep(for: .milliseconds(100))
      }
    }
  }

  /// Forgets it at once, too: its own task notices later, and the next call must find another.
  private func closeLongestIdle() {
    guard let longest = idle.min(by: { $0.value.turn < $1.value.turn }) else { return }
    closeIdle(longest.key)
  }

  private func closeIdle(_ key: ObjectIdentifier) {
    guard let waiting = idle.removeValue(forKey: key) else { return }
    waiting.connection.close()
    if waiting.isParked { connectionCount -= 1 }
  }

  /// Has clients go elsewhere until ``resume()``.
  public func rest() {
    isResting = true
    for key in Array(idle.keys) { closeIdle(key) }
  }

  /// Ends what ``rest()`` began.
  public func resume() { isResting = false }

  /// Looks for connections now, as ``Listener/lookAgain()`` does.
  public func lookAgain() { listener.lookAgain() }

  /// Stops accepting, closes idle connections and waits for the exchanges under way.
  ///
  /// - Returns: whether all were finished before `deadline`.
  public func drain(until deadline: Instant) async -> Bool {
    isDraining = true
    listener.close()
    for key in Array(idle.keys) { closeIdle(key) }
    guard exchangeCount > 0 else { return true }
    let signal = drained ?? Signal()
    drained = signal
    return await signal.wait(until: deadline)
  }

  private func serve(_ connection: HTTPConnection) async {
    while !isDraining {
      guard await awaitRequest(on: connection) else { return }
      guard await serveOne(on: connection) else { break }
    }
    connection.close()
    connectionCount -= 1
  }

  /// Waits for the first byte of a request; false when the connection was parked without one.
  private func awaitRequest(on connection: HTTPConnection) async -> Bool {
    let key = ObjectIdentifier(connection)
    turns += 1
    idle[key] = Idle(connection: connection, turn: turns, since: .now)
    if await connection.hasBytes(until: .after(Self.parkedAfter)) || connection.socket.isClosed {
      return true
    }
    idle[key]?.isParked = true
    connection.socket.onReadable = { [weak self] in self?.unpark(key) }
    if !sweep.isSet { sweepLater() }
    return false
  }

  /// Gives a connection on which something happened a task again.
  private func unpark(_ key: ObjectIdentifier) {
    guard let connection = idle[key]?.connection else { return }
    idle[key]?.isParked = false
    Loop.task {
      if await self.serveOne(on: connection) { return await self.serve(connection) }
      connection.close()
      self.connectionCount -= 1
    }
  }

  private func sweepLater() {
    sweep.set(.after(min(limits.idleTimeout, Self.sweepInterval))) { [weak self] in self?.closeExpired() }
  }

  private func closeExpired() {
    let start = Instant.now
    let expired = idle.filter { $0.value.isParked && start - $0.value.since >= limits.idleTimeout }
    for key in expired.keys { closeIdle(key) }
    if idle.values.contains(where: \.isParked) { sweepLater() }
  }

  /// Serves one exchange; false when the connection is done with.
  private func serveOne(on connection: HTTPConnection) async -> Bool {
    let head: MessageHead?
    let key = ObjectIdentifier(connection)
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
    if isDraining || isResting { exchange.closeAfterAnswer() }
    await handler(exchange)
    if isResting { exchange.closeAfterAnswer() }
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

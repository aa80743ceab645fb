public import Platform

/// One request and the answer to it.
@Loop
public final class HTTPExchange {
  /// The request's start line and fields.
  public let head: MessageHead
  /// Whether the client has gone; what is written then goes nowhere.
  public private(set) var isAbandoned = false
  /// Fields that every answer gets, whatever else it says.
  public var commonFields: [(String, String)] = []
  /// Called once when the client goes before the answer is complete.
  public var onAbandon: (@Loop () -> Void)? {
    didSet { watchHangup() }
  }

  private let connection: HTTPConnection
  private var state = State.unanswered
  private var keepsAlive: Bool

  private enum State {
    case unanswered
    case chunked
    case untilClose
    case complete
    case broken
  }

  init(_ head: MessageHead, _ connection: HTTPConnection) {
    self.head = head
    self.connection = connection
    keepsAlive = head.keepsAlive
  }

  /// Who asks, where that came over a Unix socket.
  public var peer: Socket.Peer? { connection.socket.peer }

  /// Whether the status has been sent, so that it cannot be changed any more.
  public var isAnswered: Bool { if case .unanswered = state { false } else { true } }

  /// The request's whole body; asks for it first when the client waits to be asked (`Expect: 100-continue`).
  ///
  /// - Throws: 413 when it is too large, a timeout, or the connection's end.
  public func readBody() async throws(HTTPError) -> [UInt8] {
    if connection.hasUnreadBody, head.lists("expect", "100-continue") {
      try await connection.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
    return try await connection.readWholeBody()
  }

  /// Closes the connection once the answer is complete.
  public func closeAfterAnswer() { keepsAlive = false }

  /// Sends a whole answer; does nothing when one was begun.
  public func respond(
    _ status: Int, contentType: String = "application/json", fields: [(String, String)] = [], body: [UInt8]
  ) async {
    var writer = HeadWriter(status: status)
    writer.field("Content-Type", contentType)
    for (name, value) in fields { writer.field(name, value) }
    await respond(head: writer, body: body)
  }

  /// Sends a whole answer with a head whose framing fields are added here.
  public func respond(head writer: HeadWriter, body: [UInt8]) async {
    guard case .unanswered = state else { return }
    var writer = writer
    for (name, value) in commonFields { writer.field(name, value) }
    writer.field("Content-Length", String(body.count))
    if !keepsAlive { writer.field("Connection", "close") }
    state = .complete
    await send(writer.finished() + (head.method == "HEAD" ? [] : body))
  }

  /// Begins an answer of unknown length; `fields` say its type.
  public func beginStream(_ status: Int, fields: [(String, String)]) async {
    guard case .unanswered = state else { return }
    var writer = HeadWriter(status: status)
    for (name, value) in fields { writer.field(name, value) }
    await beginStream(head: writer)
  }

  /// Begins an answer of unknown length with a head whose framing fields are added here.
  public func beginStream(head writer: HeadWriter) async {
    guard case .unanswered = state else { return }
    var writer = writer
    for (name, value) in commonFields { writer.field(name, value) }
    if head.isVersion11 {
      writer.field("Transfer-Encoding", "chunked")
      state = .chunked
    } else {
      keepsAlive = false
      state = .untilClose
    }
    if !keepsAlive { writer.field("Connection", "close") }
    await send(writer.finished())
  }

  /// Sends a piece of a stream at once, waiting while the client is slow.
  public func write(_ bytes: [UInt8]) async {
    guard !bytes.isEmpty, head.method != "HEAD" else { return }
    switch state {
    case .chunked: await send(HeadWriter.chunk(bytes))
    case .untilClose: await send(bytes)
    case .unanswered, .complete, .broken: return
    }
  }

  /// Ends a stream as complete.
  public func endStream() async {
    switch state {
    case .chunked:
      state = .complete
      if head.method != "HEAD" { await send(HeadWriter.lastChunk) }
    case .untilClose: state = .complete
    case .unanswered, .complete, .broken: return
    }
  }

  /// Cuts the connection, so that the client cannot take what it got for the whole.
  public func abort() {
    state = .broken
    connection.close()
  }

  /// What the server does when the handler has returned; whether the connection can serve another request.
  func finish() async -> Bool {
    connection.socket.onHangup = nil
    onAbandon = nil
    if case .unanswered = state {
      closeAfterAnswer()
      await respond(
        500, contentType: "text/plain; charset=utf-8", body: Array("the request was not answered\n".utf8))
    }
    guard case .complete = state, keepsAlive, !isAbandoned else { return false }
    return await discardBody()
  }

  private func discardBody() async -> Bool {
    var left = 64 * 1024
    while connection.hasUnreadBody {
      guard let piece = try? await connection.readBody(until: .after(.seconds(5))) else {
        return !connection.hasUnreadBody
      }
      left -= piece.count
      if left < 0 { return false }
    }
    return true
  }

  private func watchHangup() {
    guard onAbandon != nil else { return }
    connection.socket.onHangup = { [weak self] in self?.abandon() }
  }

  private func send(_ bytes: [UInt8]) async {
    guard !isAbandoned else { return }
    do { try await connection.write(bytes) } catch { abandon() }
  }

  private func abandon() {
    guard !isAbandoned else { return }
    isAbandoned = true
    let callback = onAbandon
    onAbandon = nil
    callback?()
  }
}

public import Platform

/// One end of an HTTP/1.1 connection: reads heads and bodies, writes bytes.
@Loop
public final class HTTPConnection {
  /// The socket underneath.
  public let socket: Socket
  /// How much and how long the peer may take.
  public let limits: HTTPLimits

  private let buffer = ReceiveBuffer()
  private var body = BodyDecoder(.length(0))

  /// Speaks HTTP over `socket`.
  public init(_ socket: Socket, limits: HTTPLimits) {
    self.socket = socket
    self.limits = limits
  }

  /// Whether bytes of the present message's body are still to be read.
  public var hasUnreadBody: Bool { !body.isAtEnd }

  /// Whether bytes have arrived that nobody asked for yet.
  public var hasUnusedBytes: Bool { buffer.count > 0 }

  /// Whether bytes of a next message, or the end of the stream, come before `deadline`.
  func hasBytes(until deadline: Instant) async -> Bool {
    if buffer.count > 0 { return true }
    do {
      _ = try await receive(until: deadline)
      return true
    } catch {
      return !error.isTimeout
    }
  }

  /// The next request's head; nil when the peer closed instead of sending one.
  ///
  /// - Throws: a timeout when nothing comes within `limits.idleTimeout`, 408 when a head stays unfinished.
  public func readRequestHead() async throws(HTTPError) -> MessageHead? {
    guard let bytes = try await readRequestHeadBytes() else { return nil }
    let head = try HeadParser.parse(bytes, as: .request)
    guard head.values("expect").allSatisfy({ $0.lowercased() == "100-continue" }) else {
      throw .malformed(status: 417, "the only expectation served is 100-continue")
    }
    let framing = try BodyFraming.request(head)
    if case .length(let count) = framing, count > limits.bodyBytes { throw bodyTooLarge }
    body = BodyDecoder(framing)
    return head
  }

  /// The head of the final response to a request with `method`; informational ones (1xx) are skipped.
  ///
  /// - Throws: ``HTTPError/truncated`` when the peer closed instead.
  public func readResponseHead(to method: String, until deadline: Instant) async throws(HTTPError)
    -> MessageHead
  {
    while true {
      guard let bytes = try await readHeadBytes(until: deadline) else { throw .truncated }
      let head = try HeadParser.parse(bytes, as: .response)
      body = BodyDecoder(try BodyFraming.response(head, to: method))
      if head.status >= 200 { return head }
    }
  }

  /// The next piece of the present body, as it arrived; nil at its end.
  public func readBody(until deadline: Instant) async throws(HTTPError) -> [UInt8]? {
    while true {
      switch try body.next(buffer.bytes) {
      case .data(let count): return buffer.take(count)
      case .skip(let count): buffer.drop(count)
      case .end: return nil
      case .more:
        guard try await receive(until: deadline) else {
          guard body.endsWithStream else { throw .truncated }
          body = BodyDecoder(.length(0))
          return nil
        }
      }
    }
  }

  /// The whole of the present body.
  ///
  /// - Throws: 413 when it is larger than `limits.bodyBytes`.
  public func readWholeBody() async throws(HTTPError) -> [UInt8] {
    var whole: [UInt8] = []
    let deadline = Instant.after(limits.wholeBodyTimeout)
    while let piece = try await readBody(until: min(deadline, .after(limits.bodyTimeout))) {
      guard whole.count + piece.count <= limits.bodyBytes else { throw bodyTooLarge }
      if whole.isEmpty { whole = piece } else { whole += piece }
    }
    return whole
  }

  /// Writes all of `bytes`, waiting for a slow peer at most `limits.writeTimeout`.
  public func write(_ bytes: [UInt8]) async throws(HTTPError) {
    do { try await socket.write(bytes, until: .after(limits.writeTimeout)) } catch { throw .system(error) }
  }

  /// Closes the connection.
  public func close() { socket.close() }

  /// Closes the connection after the peer has had a second to read what was written last.
  ///
  /// Closing at once while bytes of the peer are unread would reset the connection, and the reset can overtake the
  /// answer that says why (RFC 9112, 9.6).
  func closeLingering() async {
    socket.shutdownWriting()
    let deadline = Instant.after(.seconds(1))
    while let isOpen = try? await receive(until: deadline), isOpen { buffer.drop(buffer.count) }
    close()
  }

  private var bodyTooLarge: HTTPError {
    .malformed(status: 413, "the body is larger than \(limits.bodyBytes) bytes")
  }

  private func readRequestHeadBytes() async throws(HTTPError) -> [UInt8]? {
    do { return try await readHeadBytes(until: .after(limits.idleTimeout)) } catch {
      guard error.isTimeout, hasUnusedBytes else { throw error }
      throw .malformed(status: 408, "the head did not arrive in time")
    }
  }

  /// The bytes of a head with its empty line; nil at the end of the stream between messages.
  private func readHeadBytes(until deadline: Instant) async throws(HTTPError) -> [UInt8]? {
    var deadline = deadline
    var isStarted = false
    var scanned = 0
    while true {
      if !isStarted, buffer.count > 0 {
        isStarted = true
        deadline = min(deadline, .after(limits.headTimeout))
      }
      let length = headLength(from: &scanned)
      guard length ?? buffer.count <= limits.headBytes else {
        throw .malformed(status: 431, "the head is larger than \(limits.headBytes) bytes")
      }
      if let length { return buffer.take(length) }
      guard try await receive(until: deadline) else {
        if buffer.count == 0 { return nil }
        throw .truncated
      }
    }
  }

  /// The length of a head that has fully arrived; `scanned` remembers how far earlier calls looked.
  private func headLength(from scanned: inout Int) -> Int? {
    let bytes = buffer.bytes
    var index = scanned
    while index < bytes.count {
      if bytes[index] == 0x0A {
        // CR LF CR LF, or a bare LF LF, which the parser then refuses by name instead of waiting for ever.
        if index >= 3, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A { return index + 1 }
        if index >= 1, bytes[index - 1] == 0x0A { return index + 1 }
      }
      index += 1
    }
    scanned = index
    return nil
  }

  private func receive(until deadline: Instant) async throws(HTTPError) -> Bool {
    do {
      while true {
        if let count = try socket.tryRead(into: buffer.spare()) {
          buffer.commit(count)
          return count > 0
        }
        buffer.release()
        try await socket.readable(until: deadline)
      }
    } catch {
      throw .system(error)
    }
  }
}

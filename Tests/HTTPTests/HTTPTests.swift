import Glibc
import HTTP
import Platform
import Testing

/// A server on a port of its own for the time of `body`.
@Loop
func withServer(
  limits: HTTPLimits = HTTPLimits(), _ handler: @escaping HTTPServer.Handler,
  _ body: @Loop (Endpoint, HTTPServer) async throws -> Void
) async throws {
  let listening = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
  let endpoint = Endpoint.tcp(host: "127.0.0.1", port: Listener.port(of: listening) ?? 0)
  let server = HTTPServer(try Listener(listening), limits: limits, handler: handler)
  let running = Task { @Loop in await server.run() }
  try await body(endpoint, server)
  _ = await server.drain(until: .after(.seconds(5)))
  await running.value
}

/// Sends raw bytes and returns everything that comes back until the server closes.
@Loop
func converse(_ endpoint: Endpoint, _ text: String, closing: Bool = true) async throws -> String {
  let socket = try await Socket.connect(to: endpoint, until: .after(.seconds(5)))
  try await socket.write(Array(text.utf8), until: .after(.seconds(5)))
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
  defer { buffer.deallocate() }
  var reply: [UInt8] = []
  while case let count = try await socket.read(into: buffer, until: .after(.seconds(5))), count > 0 {
    reply += buffer.prefix(count)
  }
  return String(decoding: reply, as: UTF8.self)
}

@Suite @Loop struct `The HTTP server` {
  @Test func `answers requests on one kept connection`() async throws {
    try await withServer({ exchange in
      let body = (try? await exchange.readBody()) ?? []
      await exchange.respond(200, body: Array("\(exchange.head.method) \(exchange.head.path) ".utf8) + body)
    }) { endpoint, server in
      let client = HTTPClient(endpoint)
      for index in 0..<3 {
        let answer = try await client.request(
          "POST", "/a?\(index)", body: Array("body".utf8), until: .after(.seconds(5)))
        #expect(answer.status == 200 && answer.body == Array("POST /a body".utf8))
      }
      #expect(server.connectionCount == 1)
    }
  }

  @Test func `keeps no task for a connection that is idle after an answer`() async throws {
    try await withServer({ await $0.respond(200, body: []) }) { endpoint, server in
      let client = HTTPClient(endpoint)
      for _ in 0..<2 {
        let answer = try await client.request("GET", "/", until: .after(.seconds(5)))
        #expect(answer.status == 200)
        let deadline = Instant.after(.seconds(5))
        while server.parkedCount == 0, Instant.now < deadline { await Loop.sleep(for: .milliseconds(1)) }
        #expect(server.parkedCount == 1 && server.connectionCount == 1)
      }
    }
  }

  @Test func `streams chunks that a client reads as they come`() async throws {
    let release = Signal()
    try await withServer({ exchange in
      await exchange.beginStream(200, fields: [("Content-Type", "text/event-stream")])
      await exchange.write(Array("data: 1\n\n".utf8))
      _ = await release.wait(until: .after(.seconds(5)))
      await exchange.write(Array("data: [DONE]\n\n".utf8))
      await exchange.endStream()
    }) { endpoint, _ in
      let client = HTTPClient(endpoint)
      let head = HeadWriter(method: "GET", target: "/", host: "x")
      let answer = try await client.send("GET", head: head, body: [], until: .after(.seconds(5)))
      #expect(try await answer.read(until: .after(.seconds(5))) == Array("data: 1\n\n".utf8))
      release.fire()
      #expect(try await answer.read(until: .after(.seconds(5))) == Array("data: [DONE]\n\n".utf8))
      #expect(try await answer.read(until: .after(.seconds(5))) == nil)
    }
  }

  @Test func `tells the handler that the client has gone`() async throws {
    let abandoned = Signal()
    try await withServer({ exchange in
      exchange.onAbandon = { abandoned.fire() }
      await exchange.beginStream(200, fields: [])
      _ = await abandoned.wait(until: .after(.seconds(5)))
    }) { endpoint, _ in
      let client = HTTPClient(endpoint)
      let head = HeadWriter(method: "GET", target: "/", host: "x")
      let answer = try await client.send("GET", head: head, body: [], until: .after(.seconds(5)))
      answer.cancel()
      #expect(await abandoned.wait(until: .after(.seconds(5))))
    }
  }

  @Test func `cuts an aborted stream without its end mark`() async throws {
    try await withServer({ exchange in
      await exchange.beginStream(200, fields: [])
      await exchange.write(Array("half".utf8))
      exchange.abort()
    }) { endpoint, _ in
      let client = HTTPClient(endpoint)
      let head = HeadWriter(method: "GET", target: "/", host: "x")
      let answer = try await client.send("GET", head: head, body: [], until: .after(.seconds(5)))
      let first = try await answer.read(until: .after(.seconds(5)))
      #expect(first == Array("half".utf8))
      let error = await #expect(throws: HTTPError.self) {
        _ = try await answer.read(until: .after(.seconds(5)))
      }
      #expect(error == .truncated)
    }
  }

  @Test func `finishes what is under way when it drains`() async throws {
    let started = Signal()
    let release = Signal()
    try await withServer({ exchange in
      started.fire()
      _ = await release.wait(until: .after(.seconds(5)))
      await exchange.respond(200, body: Array("late".utf8))
    }) { endpoint, server in
      let request = Task { @Loop in
        try await HTTPClient(endpoint).request("GET", "/", until: .after(.seconds(5))).body
      }
      #expect(await started.wait(until: .after(.seconds(5))))
      let draining = Task { @Loop in await server.drain(until: .after(.seconds(5))) }
      release.fire()
      let late = try await request.value
      #expect(late == Array("late".utf8))
      #expect(await draining.value)
      await #expect(throws: HTTPError.self) {
        _ = try await HTTPClient(endpoint).request("GET", "/", until: .after(.seconds(5)))
      }
    }
  }

  @Test func `asks a client that expects it to continue`() async throws {
    try await withServer({ exchange in
      let body = (try? await exchange.readBody()) ?? []
      await exchange.respond(200, body: body)
    }) { endpoint, _ in
      let reply = try await converse(
        endpoint,
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
      )
      #expect(
        reply.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n") && reply.hasSuffix("\r\n\r\nok"))
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\nHost: a\n\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("nonsense\r\n\r\n", 400),
    ("GET v1/models HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: a-cookie\r\nContent-Length: 1\r\n\r\nx", 417),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 70_000))\r\n\r\n", 431),
  ])
  func `refuses`(request: String, status: Int) async throws {
    try await withServer({ exchange in await exchange.respond(200, body: []) }) { endpoint, _ in
      let reply = try await converse(endpoint, request)
      #expect(reply.hasPrefix("HTTP/1.1 \(status) "))
    }
  }

  @Test(arguments: [
    "zz\r\nab\r\n", "2\r\nabc\r\n", "2\nab\r\n0\r\n\r\n", "-2\r\nab\r\n", "\r\n",
    "2 x\r\nab\r\n0\r\n\r\n", "2\r\nab\r\n0\r\nnofield\r\n\r\n", "2\r\nab\r\n0\r\n X: y\r\n\r\n",
    String(repeating: "1;\(String(repeating: "x", count: 1000))\r\na\r\n", count: 20),
  ])
  func `refuses the chunked body`(body: String) async throws {
    try await withServer({ exchange in
      do {
        _ = try await exchange.readBody()
        await exchange.respond(200, body: [])
      } catch {
        exchange.closeAfterAnswer()
        await exchange.respond(400, body: [])
      }
    }) { endpoint, _ in
      let reply = try await converse(
        endpoint, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
      #expect(reply.hasPrefix("HTTP/1.1 400 "))
    }
  }

  @Test func `cuts off a head that trickles in too slowly`() async throws {
    var limits = HTTPLimits()
    limits.headTimeout = .milliseconds(20)
    try await withServer(limits: limits, { _ in }) { endpoint, _ in
      let reply = try await converse(endpoint, "GET / HT")
      #expect(reply.hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test func `closes what was idle longest when there are too many connections`() async throws {
    var limits = HTTPLimits()
    limits.connections = 3
    try await withServer(limits: limits, { await $0.respond(200, body: []) }) { endpoint, server in
      var clients: [HTTPClient] = []
      for _ in 0..<3 {
        clients.append(HTTPClient(endpoint))
        #expect(
          try await clients[clients.count - 1].request("GET", "/", until: .after(.seconds(5))).status == 200)
      }
      let first = try await Socket.connect(to: endpoint, until: .after(.seconds(5)))
      let trickle = try await Socket.connect(to: endpoint, until: .after(.seconds(5)))
      try await trickle.write(Array("GET / HTTP/1.1\r\n".utf8), until: .after(.seconds(5)))
      // The third came last of those that were there, and is served on the same connection.
      #expect(try await clients[2].request("GET", "/", until: .after(.seconds(5))).status == 200)
      let deadline = Instant.after(.seconds(5))
      while server.connectionCount > 3, Instant.now < deadline { await Loop.sleep(for: .milliseconds(1)) }
      #expect(server.connectionCount == 3)
      for socket in [first, trickle] { socket.close() }
    }
  }

  @Test func `closes without a word what was idle too long`() async throws {
    var limits = HTTPLimits()
    limits.idleTimeout = .milliseconds(20)
    try await withServer(limits: limits, { _ in }) { endpoint, _ in
      let reply = try await converse(endpoint, "")
      #expect(reply == "")
    }
  }

  @Test func `gives a body only so long, however small its pieces`() async throws {
    var limits = HTTPLimits()
    limits.wholeBodyTimeout = .milliseconds(50)
    try await withServer(
      limits: limits,
      { exchange in
        do throws(HTTPError) { _ = try await exchange.readBody() } catch {
          exchange.closeAfterAnswer()
          await exchange.respond(error.isTimeout ? 408 : 400, body: [])
        }
      }
    ) { endpoint, _ in
      let reply = try await converse(endpoint, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
      #expect(reply.hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test(arguments: [
    ("GET http://h/a%2Fb?x HTTP/1.1", "/a%2Fb"), ("GET http://h HTTP/1.1", "/"), ("OPTIONS * HTTP/1.1", "*"),
    ("GET /a?u=http://b/c HTTP/1.1", "/a"),
  ])
  func `knows the path of every form of target`(line: String, path: String) async throws {
    try await withServer({ await $0.respond(200, body: Array($0.head.path.utf8)) }) { endpoint, _ in
      let reply = try await converse(endpoint, line + "\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(reply.hasSuffix("\r\n\r\n" + path))
    }
  }
}

@Suite struct `An event stream` {
  @Test func `gives the same lines however it is cut`() {
    let text = "data: {\"a\":1}\n: ids 1,2\ndata:x\r\n\nevent: y\n\ndata: [DONE]\n\n"
    let whole: [EventStream.Line] = [
      .data(Array("{\"a\":1}".utf8)), .comment(Array("ids 1,2".utf8)), .data(Array("x".utf8)), .end, .end,
      .data(Array("[DONE]".utf8)), .end,
    ]
    for size in 1...text.utf8.count {
      var stream = EventStream()
      var lines: [EventStream.Line] = []
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        lines += stream.add(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      #expect(lines == whole)
    }
  }
}

@Suite struct `A percent-encoded text` {
  @Test(arguments: [("a%2Fb", "a/b"), ("%", "%"), ("%zz", "%zz"), ("a+b", "a+b"), ("%C3%A9", "é")])
  func `is decoded`(text: String, decoded: String) {
    #expect(percentDecoded(text) == decoded)
  }
}

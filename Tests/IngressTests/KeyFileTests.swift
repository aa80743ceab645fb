import Glibc
import HTTP
import Platform
import Testing

@testable import Ingress

@Suite @Loop struct `A file of API keys` {
  private func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
    // A new file in place of the old one, as editors do it.
    let file = try #require(fopen(path + ".new", "we"))
    fputs(text, file)
    fclose(file)
    chmod(path + ".new", mode)
    try #require(rename(path + ".new", path) == 0)
  }

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    try body(folder + "/keys")
  }

  private func caller(_ keys: APIKeys, _ key: String) async throws -> Caller? {
    var caller: Caller?
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    let client = HTTPClient(.tcp(host: "127.0.0.1", port: Listener.port(of: socket) ?? 0))
    let server = HTTPServer(try Listener(socket)) {
      caller = try? keys.caller(of: $0.head)
      await $0.respond(200, body: [])
    }
    Task { await server.run() }
    _ = try await client.request(
      "GET", "/", fields: [("Authorization", "Bearer \(key)")], until: .after(Stage.patience))
    _ = await server.drain(until: .after(.seconds(5)))
    return caller
  }

  @Test func `names its callers and says what they may`() async throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let path = folder + "/keys"
    try write(
      "# us\nsk-1 name=acme max_ongoing_requests=3\n\nsk-2 name=acme max_ongoing_requests=3\nsk-3\n", to: path
    )
    let keys = try APIKeys(file: path)
    let first = try #require(try await caller(keys, "sk-1"))
    #expect(first.name == "acme" && first.maxOngoingRequests == 3 && first.slot != nil)
    #expect(try await caller(keys, "sk-2") == first)
    #expect(try await caller(keys, "sk-3") == Caller(name: "key-5"))
    #expect(try await caller(keys, "sk-4") == nil)
  }

  @Test func `is refused when others may read it, or it says what is not understood`() throws {
    try inFolder { path in
      for (text, mode, words) in [
        ("sk-1\n", 0o644, "chmod 600"), ("sk-1 limit=3\n", 0o600, "line 1"), ("# none\n", 0o600, "no key"),
        ("sk-1 max_ongoing_requests=0\n", 0o600, "above 0"),
      ] as [(String, mode_t, String)] {
        try write(text, to: path, mode: mode)
        let error = #expect(throws: IngressError.self) { try APIKeys(file: path) }
        #expect(error?.description.contains(words) == true && error?.description.contains("sk-1") == false)
      }
    }
  }

  @Test func `is read again when it changes, unless it is wrong`() throws {
    try inFolder { path in
      try write("sk-1\n", to: path)
      let file = try KeyFile(path)
      try write("sk-2\nsk-3\n", to: path)
      file.reload()
      #expect(file.keys == (try APIKeys(file: path)))
      let before = file.keys
      try write("sk-4\n", to: path, mode: 0o640)
      file.reload()
      #expect(file.keys == before)
    }
  }
}

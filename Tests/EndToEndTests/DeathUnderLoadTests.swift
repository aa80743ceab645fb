import ControlAPI
import Glibc
import HTTP
import Platform
import Testing

extension `Whole deployments` {
  /// Clients need not know that something died, unless half of their answer is with them already.
  @Suite @Loop struct `A death under load` {
    @Test func `of a rank fails no answer that has not begun`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let load = SteadyLoad(users: 4, of: try Questioner(before))
        try await load.more(8)
        try killRank(of: before)
        let after = try await stage.untilHealthy(after: before.epochs)
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(after.pids(.ingress) == before.pids(.ingress))
      }
    }

    @Test func `of a rank ends a stream that has begun with an error, not as if it were whole`() async throws
    {
      try await onStage { stage in
        let application = try await stage.deploy(try stage.quickstart())
        let stream = try await beginLongStream(try Questioner(application).endpoint)
        var text = try #require(try await piece(of: stream))
        try killRank(of: application)
        // The connection is cut, so that no client takes what it has for the whole.
        await #expect(throws: HTTPError.self) {
          while let next = try await piece(of: stream) { text += next }
        }
        let events = text.split(separator: "\n").filter { $0.hasPrefix("data: ") }
        #expect(events.first?.contains(#""delta""#) == true)
        // From the rank that lost its peer, or from the ingress that lost the rank.
        #expect(events.last?.contains(#""error""#) == true && !text.contains("[DONE]"), "\(text.suffix(300))")
      }
    }

    @Test func `of an ingress replica refuses nobody and is made good`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let victim = try #require(before.pids(.ingress).min())
        kill(victim, SIGKILL)
        let load = SteadyLoad(users: 4, of: try Questioner(before))
        let after = try await wait(for: "another ingress replica") {
          let now = try #require(try await stage.application())
          return now.isHealthy && !now.pids(.ingress).contains(victim) ? now : nil
        }
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(after.pids(.ingress).intersection(before.pids(.ingress)).count == 1)
        #expect(after.pids(.rank) == before.pids(.rank))
      }
    }

    private func killRank(of application: ApplicationStatus) throws {
      kill(try #require(application.pids(.rank).max()), SIGKILL)
    }

    /// The next piece of a stream, as text; nil at its clean end.
    private func piece(of stream: HTTPAnswer) async throws(HTTPError) -> String? {
      try await stream.read(until: .after(.seconds(20))).map { String(decoding: $0, as: UTF8.self) }
    }

    private func beginLongStream(_ endpoint: Endpoint) async throws -> HTTPAnswer {
      var head = HeadWriter(method: "POST", target: "/v1/chat/completions", host: "localhost")
      head.field("Content-Type", "application/json")
      let question =
        #"{"model":"operator-moe","messages":[{"role":"user","content":"What is a wave?"}],"#
        + #""max_tokens":4000,"ignore_eos":true,"stream":true}"#
      return try await HTTPClient(endpoint).send(
        "POST", head: head, body: Array(question.utf8), until: .after(.seconds(20)))
    }
  }
}

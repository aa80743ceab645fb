import ControlAPI
import Glibc
import HTTP
import JSON
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

    @Test func `of a rank leaves no trace in a stream that has begun`() async throws {
      try await onStage { stage in
        let application = try await stage.deploy(try stage.quickstart())
        let endpoint = try Questioner(application).endpoint
        let undisturbed = try await answer(from: beginStream(endpoint)) {}
        let disturbed = try await answer(from: beginStream(endpoint)) { try killRank(of: application) }
        #expect(disturbed == undisturbed && disturbed.count > 200)
        let after = try await stage.untilHealthy(after: application.epochs)
        #expect(after.pids(.rank).intersection(application.pids(.rank)).count == 1)
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

    /// The text of a streamed answer, which must end in `[DONE]`; `action` happens once some of it has come.
    private func answer(from stream: HTTPAnswer, _ action: () throws -> Void) async throws -> String {
      var bytes: [UInt8] = []
      var hasActed = false
      while let piece = try await stream.read(until: .after(.seconds(30))) {
        bytes += piece
        guard !hasActed else { continue }
        hasActed = true
        try action()
      }
      let events = String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter {
        $0.hasPrefix("data: ")
      }
      try #require(events.last == "data: [DONE]", "\(events.suffix(2))")
      return try events.dropLast().map {
        let chunk = try JSONValue(parsing: String($0.dropFirst("data: ".count)))
        return chunk["choices"]?.elements?.first?["delta"]?["content"]?.string ?? ""
      }.joined()
    }

    private func beginStream(_ endpoint: Endpoint) async throws -> HTTPAnswer {
      var head = HeadWriter(method: "POST", target: "/v1/chat/completions", host: "localhost")
      head.field("Content-Type", "application/json")
      let question =
        #"{"model":"operator-moe","messages":[{"role":"user","content":"What is a wave?"}],"#
        + #""max_tokens":200,"temperature":0.7,"seed":5,"ignore_eos":true,"stream":true}"#
      return try await HTTPClient(endpoint).send(
        "POST", head: head, body: Array(question.utf8), until: .after(.seconds(20)))
    }
  }
}

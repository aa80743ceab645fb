import ControlAPI
import FoundationEssentials
import Glibc
import HTTP
import Platform
import Testing

extension `Whole deployments` {
  /// Clients connect to Debian's own HAProxy, which dpdeploy configures, runs and drives.
  @Suite @Loop struct `An HAProxy before the ingress` {
    @Test(.needsOpenAIClient) func `serves OpenAI's client over TLS, and HTTP 2 to those who ask for it`()
      async throws
    {
      try await onStage { stage in
        try await makeCertificate(stage)
        let application = try await stage.deploy(
          try front(stage, ["certificate: edge.crt", "key: edge.key"]))
        let endpoint = try #require(application.endpoint.value)
        #expect(endpoint.hasPrefix("https://"))
        let client = try await stage.run(
          try #require(Tools.python),
          [Tools.tests + "/client.py", endpoint, application.modelId, stage.folder + "/edge.crt"],
          within: .seconds(60))
        #expect(client.ended(with: 0), "\(client)")
        let version = try await stage.run(
          "/usr/bin/openssl",
          [
            "s_client", "-connect", String(endpoint.dropFirst("https://".count)), "-alpn", "h2", "-CAfile",
            stage.folder + "/edge.crt", "-verify_return_error",
          ])
        #expect(version.output.contains("ALPN protocol: h2"), "\(version)")
        let ask = try await stage.dpdeploy("ask", "What is TTFT?")
        #expect(ask.ended(with: 0) && ask.output.contains("time to first token"), "\(ask)")
        let delete = try await stage.dpdeploy("delete", "quickstart", "--yes")
        #expect(delete.ended(with: 0), "\(delete)")
        #expect(Population(of: stage.home).fronts == [] && Remains.runFiles(of: stage.home) == [])
      }
    }

    @Test func `hides the death of an ingress replica, and is told of it`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try front(stage))
        let load = SteadyLoad(users: 4, of: try Questioner(before))
        for victim in before.pids(.ingress).sorted() {
          try await load.more(8)
          kill(victim, SIGKILL)
          try await load.more(8)
          try await stage.untilEnded([victim])
          _ = try await untilWhole(stage)
        }
        await load.stop()
        #expect(load.failures == [])
        let after = try #require(try await stage.application())
        #expect(after.pids(.ingress).isDisjoint(with: before.pids(.ingress)))
        #expect(after.pids(.front) == before.pids(.front) && after.pids(.front).count == 1)
      }
    }

    @Test func `is started again when it dies, and refuses nobody meanwhile`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try front(stage))
        let questioner = try Questioner(before)
        for _ in 0..<3 {
          let victim = try #require(try await stage.application()?.pids(.front).first)
          kill(victim, SIGKILL)
          #expect(await questioner.ask() == nil)
          _ = try await untilWhole(stage)
        }
        let events = try await stage.dpdeploy("events", "quickstart")
        #expect(events.output.contains("front-0 ended (signal 9 (SIGKILL))"), "\(events)")
      }
    }

    @Test func `follows changes of its settings and of the replicas without a failed request`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try front(stage))
        let load = SteadyLoad(users: 4, of: try Questioner(before))
        try await load.more(8)
        try await stage.deploy(try front(stage, ["threads: 2"]))
        let changed = try await untilWhole(stage)
        #expect(changed.pids(.front).isDisjoint(with: before.pids(.front)))
        #expect(changed.pids(.ingress) == before.pids(.ingress))
        for count in ["4", "1", "2"] {
          let scale = try await stage.dpdeploy(
            "scale", "quickstart", "--ingress", count, "--wait", within: .seconds(60))
          try #require(scale.ended(with: 0), "\(scale)")
          try await load.more(8)
        }
        await load.stop()
        #expect(load.failures == [])
        #expect(try await stage.application()?.pids(.front) == changed.pids(.front))
      }
    }

    @Test func `outlives its controller and is taken over by the next one`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try front(stage))
        let load = SteadyLoad(users: 2, of: try Questioner(before))
        let controller = try #require(try await stage.look().status.controller.pid)
        kill(controller, SIGKILL)
        try await stage.untilEnded([controller])
        _ = try await stage.dpdeploy("daemon", "start")
        let after = try await untilWhole(stage)
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(after.pids(.front) == before.pids(.front) && after.pids(.ingress) == before.pids(.ingress))
        // What the next controller drives: a replica that it stops gets nothing more.
        kill(try #require(after.pids(.front).first), SIGKILL)
        #expect(try await Questioner(after).ask() == nil)
      }
    }

    @Test func `refuses a client that asks too often, as OpenAI does`() async throws {
      try await onStage { stage in
        let application = try await stage.deploy(try front(stage, ["rate_limit_rps: 0.3"]))
        let endpoint = try Questioner(application).endpoint
        var refusals = 0
        for _ in 0..<6 {
          let client = HTTPClient(endpoint)
          let answer = try await client.request("GET", "/v1/models", until: .after(.seconds(5)))
          let text = String(decoding: answer.body, as: UTF8.self)
          if answer.status == 429, text.contains("rate_limit_error") { refusals += 1 }
          client.closeIdle()
        }
        #expect(refusals == 3)
      }
    }

    /// The quickstart manifest behind an HAProxy with these settings.
    private func front(_ stage: Stage, _ settings: [String] = []) throws -> String {
      let section = settings.isEmpty ? "" : "  haproxy: {\(settings.joined(separator: ", "))}\n"
      return try stage.quickstart([("ingress:\n", "ingress:\n  front: haproxy\n" + section)])
    }

    private func makeCertificate(_ stage: Stage) async throws {
      let made = try await stage.run(
        "/usr/bin/openssl",
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
          "-keyout", stage.folder + "/edge.key", "-out", stage.folder + "/edge.crt", "-subj", "/CN=localhost",
          "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ])
      try #require(made.ended(with: 0), "\(made)")
    }

    /// Waits until everything runs, the front and its replicas included.
    private func untilWhole(_ stage: Stage) async throws -> ApplicationStatus {
      var last: ApplicationStatus?
      return try await wait(for: "HEALTHY with one front", detail: { "\(String(describing: last))" }) {
        last = try await stage.application()
        return last.flatMap { $0.isHealthy && $0.pids(.front).count == 1 ? $0 : nil }
      }
    }
  }
}

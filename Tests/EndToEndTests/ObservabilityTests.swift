import ControlAPI
import FoundationEssentials
import Glibc
import HTTP
import JSON
import Platform
import Testing

extension `Whole deployments` {
  /// Prometheus sees what `status` says, by the files under `docs/observability`.
  @Suite @Loop struct `The metrics of a deployment` {
    private static let folder = Tools.root + "/docs/observability"

    @Test func `have every name that alerts and dashboard ask for, and only they are told on the port`()
      async throws
    {
      try await onStage { stage in
        let endpoint = try await begin(stage)
        let page = try await wait(for: "the answer to be counted") {
          let page = try await get("/metrics", endpoint).text
          let isCounted = page.split(separator: "\n").contains {
            $0.hasPrefix("dpdeploy_ingress_succeeded_total{") && !$0.hasSuffix(" 0.0")
          }
          return isCounted ? page : nil
        }
        #expect(page.contains("dpdeploy_application_healthy{application=\"quickstart\"} 1\n"))
        #expect(
          page.contains("dpdeploy_replica_up{application=\"quickstart\",replica=\"dp1\",role=\"rank\"} 1.0\n")
        )
        let families = Set(
          page.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map {
            String($0.split(separator: " ")[2])
          })
        for file in ["alerts.yml", "dashboard.json"] {
          let names = Self.names(in: try text(ofFile: Self.folder + "/" + file))
          #expect(names.count > 3 && names.subtracting(families) == [], "\(file)")
        }
        #expect(try await get("/v1/applications", endpoint).status == 404)
        let socket = HTTPClient(.unix(path: stage.home.controllerSocket))
        let same = try await socket.request(
          "GET", "/metrics", fields: [], body: [], until: .after(.seconds(5)))
        #expect(same.status == 200 && String(decoding: same.body, as: UTF8.self).contains("dpdeploy_hint"))
      }
    }

    @Test(.needsPrometheus) func `are read by Prometheus, which finds every rule and panel right`()
      async throws
    {
      try await onStage { stage in
        let endpoint = try await begin(stage)
        let config = try text(ofFile: Self.folder + "/prometheus.yml")
          .replacing("127.0.0.1:9464", with: String("\(endpoint)".dropFirst("http://".count)))
          .replacing("5s", with: "1s")
        try Data(config.utf8).write(to: URL(filePath: stage.folder + "/prometheus.yml"))
        try Data(contentsOf: URL(filePath: Self.folder + "/alerts.yml"))
          .write(to: URL(filePath: stage.folder + "/alerts.yml"))
        let check = try await stage.run(
          "/usr/bin/promtool", ["check", "config", stage.folder + "/prometheus.yml"])
        #expect(check.ended(with: 0), "\(check)")
        let address = "127.0.0.1:\(try Self.freePort())"
        let prometheus = try ChildProcess(
          Command(
            "/usr/bin/prometheus",
            [
              "--config.file=\(stage.folder)/prometheus.yml", "--storage.tsdb.path=\(stage.folder)/tsdb",
              "--web.listen-address=\(address)", "--log.level=error",
            ]))
        defer { prometheus.sendToGroup(SIGKILL) }
        let server = try #require(Endpoint(address))
        try await wait(for: "Prometheus to see a healthy application") {
          let answer = try? await query("dpdeploy_application_healthy{application=\"quickstart\"}", server)
          return answer?.contains("\"1\"]") == true ? () : nil
        }
        let dashboard = try text(ofFile: Self.folder + "/dashboard.json")
        let expressions = dashboard.split(separator: "\n").filter { $0.contains("\"expr\": ") }.map { line in
          String(line.split(separator: "\"expr\": ")[1].dropFirst().prefix { $0 != "\n" })
        }
        #expect(expressions.count > 15)
        for expression in expressions {
          let plain = String(expression.prefix(upTo: expression.lastIndex(of: "\"") ?? expression.endIndex))
            .replacing("\\\"", with: "\"").replacing("$application", with: ".*")
            .replacing("$__rate_interval", with: "5s")
          #expect(try await query(plain, server).contains("\"status\":\"success\""), "\(plain)")
        }
      }
    }

    /// A controller that tells metrics at the address, and a quickstart application that has answered.
    private func begin(_ stage: Stage) async throws -> Endpoint {
      let address = "127.0.0.1:\(try Self.freePort())"
      let start = try await stage.dpdeploy("daemon", "start", "--metrics", address)
      try #require(start.ended(with: 0), "\(start)")
      let application = try await stage.deploy(try stage.quickstart())
      #expect(try await Questioner(application).ask() == nil)
      return try #require(Endpoint(address))
    }

    private func get(_ path: String, _ endpoint: Endpoint) async throws -> (status: Int, text: String) {
      let client = HTTPClient(endpoint)
      defer { client.closeIdle() }
      let answer = try await client.request("GET", path, fields: [], body: [], until: .after(.seconds(5)))
      return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    private func query(_ expression: String, _ server: Endpoint) async throws -> String {
      let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_".utf8)
      let escaped = expression.utf8.map { byte in
        allowed.contains(byte)
          ? String(UnicodeScalar(byte))
          : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
      return try await get("/api/v1/query?query=" + escaped.joined(), server).text
    }

    /// The metric families that a file names.
    private static func names(in text: String) -> Set<String> {
      var names: Set<String> = []
      for part in text.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") })
      where part.hasPrefix("dpdeploy_") {
        names.insert(part.hasSuffix("_bucket") ? String(part.dropLast("_bucket".count)) : String(part))
      }
      return names
    }

    private static func freePort() throws -> UInt16 {
      try #require(Listener.port(of: try Listener.open(.tcp(host: "127.0.0.1", port: 0))))
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// For tests that are nothing without Prometheus.
  static var needsPrometheus: Self {
    .enabled(
      if: ["prometheus", "promtool"].allSatisfy { access("/usr/bin/" + $0, X_OK) == 0 },
      "there is no /usr/bin/prometheus; `apt-get install prometheus` brings it (96 MB)")
  }
}

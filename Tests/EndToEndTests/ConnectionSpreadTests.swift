import ControlAPI
import Glibc
import HTTP
import Platform
import Testing

extension `Whole deployments` {
  @Suite @Loop struct `Kept connections` {
    @Test func `are spread over the ingress replicas, whoever of them dies`() async throws {
      try await onStage { stage in
        let four = try await stage.deploy(
          try stage.quickstart([
            ("min_replicas: 2", "min_replicas: 4"), ("max_replicas: 2", "max_replicas: 4"),
          ]))
        let endpoint = try #require(four.endpoint.value.flatMap(Endpoint.init))
        let first = try await Self.connect(64, endpoint)
        let counts = Self.counts(first)
        #expect(counts.count == 4 && counts.values.allSatisfy { abs($0 - 16) <= 3 }, "\(counts)")
        let victim = try #require(four.replicas(.ingress).first?.pid.value)
        kill(victim, SIGKILL)
        // None is refused or left waiting while three, and then four, take them.
        let second = try await Self.connect(64, endpoint)
        #expect(second.count == 64)
        for (client, _) in first + second { client.closeIdle() }
      }
    }

    /// Opens connections one after the other, and asks on each of them which replica took it.
    private static func connect(_ count: Int, _ endpoint: Endpoint) async throws -> [(HTTPClient, String)] {
      var clients: [(HTTPClient, String)] = []
      for _ in 0..<count {
        let client = HTTPClient(endpoint)
        let answer = try await client.request("GET", "/metrics", until: .after(.seconds(2)))
        let text = String(decoding: answer.body, as: UTF8.self)
        let label = text.split(separator: "replica=\"", maxSplits: 1).last ?? ""
        clients.append((client, String(label.prefix { $0 != "\"" })))
      }
      return clients
    }

    private static func counts(_ clients: [(HTTPClient, String)]) -> [String: Int] {
      Dictionary(clients.map { ($0.1, 1) }, uniquingKeysWith: +)
    }
  }
}

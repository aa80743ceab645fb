import ControlAPI
import ControlClient
import Glibc
import Platform
import Testing

@testable import Controller

@Suite(.serialized) struct `The audit` {
  @Test func `tells who asked for what and what became of it, and outlives the application`() async throws {
    try await onStage { stage in
      try await stage.start()
      let client = ControlClient(home: stage.home)
      _ = try await client.apply(stage.request(stage.manifest()))
      try await stage.untilHealthy()
      _ = try await client.scale(ScaleRequest(ingressReplicas: 3), of: "demo")
      await #expect(throws: ControlError.self) {
        try await client.cordon(CordonRequest(.drain, ["dp7"]), of: "demo")
      }
      try await client.delete("demo")
      try await stage.until("gone") { $0 == nil }
      let entries = try await client.audit(application: "demo", most: 10).entries
      #expect(entries.map(\.action) == ["delete", "drain", "scale", "apply"])
      #expect(entries.map(\.outcome) == ["ok", "not-found", "ok", "ok"])
      #expect(entries.map(\.revision) == [nil, nil, 2, 1])
      #expect(entries.allSatisfy { $0.uid.value == getuid() && $0.pid.value == getpid() })
      try await stage.succeed()
      let next = ControlClient(home: stage.home)
      #expect(try await next.audit(most: 2).entries == Array(entries.prefix(2)))
    }
  }
}

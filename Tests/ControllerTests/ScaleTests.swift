import ControlAPI
import Platform
import Testing

@testable import Controller

@Suite(.serialized) struct `A scale by hand` {
  @Test func `is a revision that adds a group without touching the first, and lasts over a controller`()
    async throws
  {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest(ingress: 1))
      try await stage.untilHealthy()
      let first = Set(stage.living())
      let result = try await controller.scale(ScaleRequest(replicas: 2, ingressReplicas: 2), of: "demo")
      #expect(result.outcome == .updated && result.revision == 2)
      #expect(Set(result.changes.map(\.changeClass)) == ["live", "none"])
      try await stage.until("two groups") {
        stage.isHealthy($0) && $0?.deployments[0].replicas.count == 4
          && $0?.deployments[2].replicas.count == 2
      }
      #expect(stage.status?.scale == ScaleStatus(replicas: 2, ingressReplicas: 2))
      #expect(first.isSubset(of: stage.living()))
      try await stage.succeed()
      #expect(stage.status?.scale?.replicas == 2 && stage.status?.deployments[0].targetReplicas == 4)
      try await stage.untilHealthy()
      #expect(stage.living().count == 6 && first.isSubset(of: stage.living()))
      let revisions = try #require(try await stage.controller?.revisions(of: "demo").revisions)
      #expect(revisions.map(\.scale?.replicas) == [nil, 2])
    }
  }

  @Test func `ends with the next apply, which a plan says beforehand, and with an undo`() async throws {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest(ingress: 1))
      try await stage.untilHealthy()
      _ = try await controller.scale(ScaleRequest(ingressReplicas: 3), of: "demo")
      try await stage.until("three") { stage.isHealthy($0) && $0?.deployments[2].replicas.count == 3 }
      let plan = try await controller.plan(stage.request(stage.manifest(ingress: 1)))
      #expect(plan.outcome == .updated && plan.steps.contains { $0.contains("3 ingress replicas) ends") })
      try await stage.apply(stage.manifest(ingress: 1))
      try await stage.until("one") { stage.isHealthy($0) && $0?.deployments[2].replicas.count == 1 }
      #expect(stage.status?.scale == nil)
      _ = try await controller.rollout(RolloutRequest(.undo, to: 2), of: "demo")
      try await stage.until("three again") {
        stage.isHealthy($0) && $0?.deployments[2].replicas.count == 3 && $0?.scale?.ingressReplicas == 3
      }
      #expect(try await controller.scale(.toManifest, of: "demo").revision == 5)
      try await stage.until("the manifest's") { stage.isHealthy($0) && $0?.scale == nil }
    }
  }

  @Test func `is refused where the number cannot be or does not fit, and then changes nothing`() async throws
  {
    try await onStage { stage in
      let controller = try await stage.start()
      try await stage.apply(stage.manifest() + "\ncluster: {nodes: 1, devices: 2}")
      for (request, code) in [
        (ScaleRequest(replicas: 0), 2), (ScaleRequest(ingressReplicas: 1025), 2),
        (ScaleRequest(replicas: 2), 4),
      ] {
        let error = await #expect(throws: ControlError.self) {
          try await controller.scale(request, of: "demo")
        }
        #expect(error?.exitCode == Int32(code), "\(String(describing: error))")
      }
      #expect(stage.status?.revision == 1 && stage.status?.scale == nil)
    }
  }
}

import ControlAPI
import Testing

@testable import Diagnosis

@Suite struct `Hints` {
  @Test func `are silent about a healthy application`() {
    #expect(Scene().hints == [])
  }

  @Test func `are silent where only the states of replicas are known, as on a cluster without metrics`() {
    let unread = Scene { scene in
      scene.metrics = ApplicationMetrics(windowSeconds: 10)
      for place in scene.application.deployments.indices {
        scene.application.deployments[place].replicas = scene.application.deployments[place].replicas.map {
          var replica = ReplicaStatus(id: $0.id, role: $0.role, state: .running)
          (replica.group, replica.rank, replica.observedAgeSeconds) = ($0.group, $0.rank, .known(0.5))
          return replica
        }
      }
      (scene.settings.maxQueuedRequests, scene.settings.overlapThreshold) = (4, 32)
    }
    #expect(unread.hints == [])
  }

  @Test func `appear once a rule has held, and go when it has not for a while`() {
    let sick = Scene { $0.ingress.cpuRatio = .known(0.97) }
    var diagnosis = Diagnosis()
    func look(_ time: Double, _ scene: Scene) -> Int { diagnosis.examine(scene.observation(at: time)).count }
    #expect([look(0, sick), look(2, sick), look(3, sick)] == [0, 0, 1])
    #expect([look(5, Scene()), look(7.9, Scene()), look(8.1, Scene())] == [1, 1, 0])
    #expect(look(9, sick) == 0, "a hint that went must hold again before it comes back")
  }

  @Test func `do not flicker with a rule that does`() {
    let sick = Scene { $0.ingress.cpuRatio = .known(0.97) }
    var diagnosis = Diagnosis()
    let shown = (0..<40).map { second in
      diagnosis.examine((second.isMultiple(of: 2) ? sick : Scene()).observation(at: Double(second))).count
    }
    #expect(zip(shown, shown.dropFirst()).count { $0 != $1 } == 1)
  }

  @Test func `come gravest first and say since when`() {
    let found = Scene {
      $0.server.replicas[1].kvUsageRatio = .known(0.9)
      $0.server.replicas[1].preemptionsPerSecond = .known(2)
      $0.ingress.cpuRatio = .known(0.97)
    }.hints
    #expect(found.map(\.id) == ["H07", "H04"])
    #expect(found.allSatisfy { $0.since == "t0.0" })
  }

  @Test func `say where the numbers are, and where the runbook tells more`() {
    let hint = Scene { $0.ingress.cpuRatio = .known(0.97) }.hints.first
    #expect(hint?.evidence.first == Evidence("ingress-0 uses 97% of a core", on: .ingress))
    #expect(hint?.runbook == "docs/operations.md#h04" && hint?.confidence == .high)
    #expect(hint?.cause == HintRule.named("H04")?.cause)
  }

  @Test func `hide those that follow from another`() {
    let found = Scene {
      $0.server.replicas[1].kvUsageRatio = .known(0.9)
      $0.server.replicas[1].preemptionsPerSecond = .known(2)
      $0.metrics.itlSeconds = .of(0.02, 0.3, 1000)
    }.hints
    #expect(found.map(\.id) == ["H07"])
  }

  @Test func `are told apart by ids that occur once, and explain only each other`() {
    let ids = HintRule.all.map(\.id)
    #expect(Set(ids).count == ids.count)
    #expect(HintRule.all.flatMap(\.explains).allSatisfy(ids.contains))
  }

  @Test func `never say anything of a replica whose readings are stale, but that`() {
    let found = Scene {
      $0.server.replicas[1].kvUsageRatio = .known(0.99)
      $0.server.replicas[1].kvUsageRatio = .known(0.9)
      $0.server.replicas[1].preemptionsPerSecond = .known(3)
      $0.server.replicas[1].stale = true
      $0.server.replicas[1].running = .known(0)
      $0.metrics.running = .known(0)
    }.hints
    #expect(found.map(\.id) == ["H15"] && found.first?.replica == "dp1")
  }

  @Test func `are never silent about a replica that serves and tells nothing`() {
    let found = Scene { $0.ingress.observedAgeSeconds = .unknown }.hints
    #expect(found.map(\.id) == ["H15"] && found.first?.replica == "ingress-0")
  }
}

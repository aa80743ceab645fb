import ControlAPI
import FoundationEssentials
import Testing

@testable import Deployment

/// What Ray's own code concluded; `Tests/Fixtures/make_autoscaling_table.py` asked it.
private struct RayTable: Decodable {
  struct Window: Decodable {
    let sources: [[[Double]]]
    let aggregation: ScalingRule.Aggregation
    let now: Double
    let total: Double
  }

  struct Configuration: Decodable {
    let min_replicas: Int
    let max_replicas: Int
    let target_ongoing_requests: Double
    let upscale_delay_s: Double
    let downscale_delay_s: Double
    let downscale_to_zero_delay_s: Double?
    let upscaling_factor: Double
    let downscaling_factor: Double

    var rule: ScalingRule {
      var rule = ScalingRule(minimum: min_replicas, maximum: max_replicas)
      rule.targetOngoingRequests = target_ongoing_requests
      rule.upscaleDelaySeconds = upscale_delay_s
      rule.downscaleDelaySeconds = downscale_delay_s
      rule.downscaleToZeroDelaySeconds = downscale_to_zero_delay_s
      rule.upscalingFactor = upscaling_factor
      rule.downscalingFactor = downscaling_factor
      return rule
    }
  }

  struct Step: Decodable {
    let load: Double
    let running: Int
    let target: Int
    let now: Double
    let decided: Int
  }

  struct Story: Decodable {
    let config: Configuration
    let steps: [Step]
  }

  let windows: [Window]
  let stories: [Story]

  init() throws {
    let path = #filePath.replacing("AutoscalerTests.swift", with: "Samples/autoscaling.json")
    self = try JSONDecoder().decode(RayTable.self, from: Data(contentsOf: URL(filePath: path)))
  }
}

@Suite struct `Autoscaling` {
  @Test func `folds loads as Ray does`() throws {
    let windows = try RayTable().windows
    #expect(windows.count == 120)
    for window in windows {
      var ours = LoadWindow()
      for (source, samples) in window.sources.enumerated() {
        for sample in samples { ours.add(source: source, sample[1], at: sample[0]) }
      }
      let total = ours.total(window.aggregation, at: window.now)
      #expect(abs(total - window.total) < 1e-6, "\(window)")
    }
  }

  @Test func `decides as Ray does, second by second`() throws {
    let stories = try RayTable().stories
    #expect(stories.count == 60)
    for story in stories {
      var scaler = Autoscaler(story.config.rule)
      for step in story.steps {
        let decision = scaler.decide(
          load: step.load, running: step.running, target: step.target, at: step.now)
        #expect(decision.target == step.decided, "\(story.config) \(step)")
      }
    }
  }

  @Test func `forgets what is out of the window, and who says nothing any more`() {
    var window = LoadWindow()
    for second in 0..<60 { window.add([0: second < 30 ? 9 : 1, 1: 1], at: Double(second), keeping: 10) }
    #expect(window.total(.mean, at: 59) == 2 && window.total(.max, at: 59) == 2)
    window.add([1: 1], at: 60, keeping: 10)
    #expect(window.total(.mean, at: 61) == 1)
  }

  private static func spec(_ minimum: Int, _ maximum: Int) -> ApplicationSpec {
    var spec = ApplicationSpec.sample(ingress: minimum, boardRows: 16)
    spec.ingressScaling = ScalingRule(minimum: minimum, maximum: maximum)
    spec.ingressScaling?.upscaleDelaySeconds = 3
    spec.ingressScaling?.downscaleDelaySeconds = 5
    return spec
  }

  @Test func `starts and stops ingress replicas, and says by which numbers`() throws {
    var scene = try Scene(Self.spec(1, 4))
    scene.becomeReady()
    for _ in 0...3 {
      #expect(scene.application.ingress.replicas.count == 1)
      scene.now += .seconds(1)
      scene.tell(.ingressLoad([0: 10]))
    }
    #expect(scene.application.ingress.replicas.count == 4 && scene.ingressStatus.status == .upscaling)
    #expect(scene.ingressStatus.statusTrigger == .autoscaling)
    let event = try #require(scene.records.last { $0.kind == .autoscaled })
    #expect(
      event.message.hasPrefix(
        "1 → 4 replicas: 10.0 ongoing requests over 30.0 s at 1 replica, target 2.0 each"))
    scene.acknowledge()
    #expect(scene.ingressStatus.status == .healthy && scene.ingressStatus.statusTrigger == .upscaleCompleted)
    #expect(scene.ingressStatus.autoscaling?.wantedReplicas.value == 5)
    for _ in 0..<60 {
      scene.now += .seconds(1)
      scene.tell(.ingressLoad([0: 0, 1: 0, 2: 0, 3: 0]))
      scene.carryOutAllStops()
    }
    #expect(scene.application.ingress.replicas.count == 1 && scene.ingressStatus.status == .healthy)
  }

  @Test func `keeps the number when something else is applied, within the new bounds`() throws {
    var scene = try Scene(Self.spec(1, 4))
    scene.becomeReady()
    for _ in 0...3 {
      scene.now += .seconds(1)
      scene.tell(.ingressLoad([0: 10]))
    }
    scene.acknowledge()
    try scene.apply(Self.spec(1, 8))
    #expect(scene.ingressStatus.targetReplicas == 4 && scene.ingressStatus.status == .healthy)
    try scene.apply(Self.spec(1, 3))
    #expect(scene.ingressStatus.targetReplicas == 3)
    try scene.apply(.sample(ingress: 2))
    #expect(scene.ingressStatus.targetReplicas == 2 && scene.ingressStatus.autoscaling == nil)
  }

  private static func groups(_ minimum: Int, _ maximum: Int) -> ApplicationSpec {
    var spec = ApplicationSpec.sample(groups: maximum)
    spec.groups = minimum
    var rule = ScalingRule(minimum: minimum, maximum: maximum)
    rule.upscaleDelaySeconds = 3
    rule.downscaleDelaySeconds = 5
    rule.lookBackSeconds = 1
    spec.groupScaling = rule
    return spec
  }

  @Test func `starts and ends whole groups, by requests per rank and those that wait`() throws {
    var scene = try Scene(Self.groups(1, 3))
    scene.becomeReady()
    let dp0 = ReplicaName.rank(group: 0, rank: 0)
    // 7 requests at 2 each ask for 4 ranks, which are 2 groups of 2.
    for _ in 0...3 {
      #expect(scene.application.groups.map(\.index) == [0])
      scene.now += .seconds(1)
      scene.tell(.groupLoad([dp0: 3], waiting: 4))
    }
    #expect(scene.application.groups.map(\.index) == [0, 1])
    #expect(scene.server.status == .upscaling && scene.server.statusTrigger == .autoscaling)
    let event = try #require(scene.records.last { $0.kind == .autoscaled })
    #expect(
      event.message
        == "1 → 2 groups: 7.0 ongoing requests over 1.0 s at 2 ranks, target 2.0 each, ask for 4")
    scene.becomeReady(group: 1)
    #expect(scene.server.status == .healthy && scene.server.targetReplicas == 4)
    #expect(scene.server.autoscaling?.runningReplicas.value == 1)
    // One rank less is no group less.
    for _ in 0..<20 {
      scene.now += .seconds(1)
      scene.tell(.groupLoad([dp0: 3, .rank(group: 1, rank: 1): 2], waiting: 0))
    }
    #expect(scene.application.groups.map(\.phase.isRunning) == [true, true])
    for _ in 0..<8 {
      scene.now += .seconds(1)
      scene.tell(.groupLoad([:], waiting: 0))
    }
    #expect(scene.server.status == .downscaling)
    scene.tell(.drained(group: 1, epoch: 1))
    scene.carryOutAllStops()
    scene.acknowledge()
    #expect(scene.application.groups.map(\.index) == [0] && scene.server.status == .healthy)
    #expect(try scene.group(0).epoch == 1)
  }

  @Test func `of groups keeps its number over an apply and a next controller, and a fixed number ends it`()
    throws
  {
    var scene = try Scene(Self.groups(1, 3))
    scene.becomeReady()
    for _ in 0...3 {
      scene.now += .seconds(1)
      scene.tell(.groupLoad([:], waiting: 9))
    }
    #expect(scene.server.targetReplicas == 6)
    try scene.apply(Self.groups(1, 2))
    #expect(scene.server.targetReplicas == 4)
    let written = try JSONEncoder().encode(scene.application)
    let next = try JSONDecoder().decode(Application.self, from: written)
    #expect(next == scene.application && next.groupCount == 2)
    try scene.apply(.sample(groups: 1))
    #expect(scene.server.targetReplicas == 2 && scene.server.autoscaling == nil)
  }
}

import ControlAPI
import Testing

@testable import Deployment

@Suite struct `Group lifecycle` {
  @Test func `a group serves when every rank has answered, never in parts`() throws {
    var scene = try Scene()
    #expect(scene.effects.launches.map(\.epoch) == [1])
    scene.acknowledge()
    #expect(scene.rank(.ready, 0).tables.isEmpty)
    #expect(scene.server.replicas.map(\.state) == [.starting, .starting])
    let effects = scene.rank(.ready, 1)
    #expect(effects.tables.map { $0.entries.map(\.rank) } == [[0, 1]])
    #expect(scene.server.status == .updating)
    scene.acknowledge()
    #expect(scene.server.status == .healthy)
    #expect(scene.server.statusTrigger == .configUpdateCompleted)
    #expect(scene.application.status == .running)
  }

  @Test func `a rank whose engine died behind it takes its group along, before its process ends`() throws {
    var scene = try Scene(.sample(size: 2))
    scene.becomeReady()
    let effects = scene.rank(.lost(part: "VLLM::EngineCore_DP1"), 1)
    #expect(effects.tables.map(\.entries.count) == [0] && effects.rankStops == [[0, 1]])
    let died = try #require(effects.records.first { $0.kind == .rankDied })
    #expect(died.message == "dp1 lost its process VLLM::EngineCore_DP1; group 0 is ended")
    #expect(scene.rank(.lost(part: "VLLM::Worker_DP1"), 1).records.isEmpty, "told once")
    #expect(scene.carryOutStops(effects).launches.map(\.epoch) == [2])
  }

  @Test func `a dead rank takes its group along once and names the culprit`() throws {
    var scene = try Scene(.sample(size: 4))
    scene.becomeReady()
    let effects = scene.rank(.ended(.signalled(9), lastLine: "step 7"), 2)
    #expect(effects.tables.map(\.entries.count) == [0])
    #expect(effects.rankStops == [[0, 1, 3]])
    let died = try #require(effects.records.first { $0.kind == .rankDied })
    #expect(died.subject == "dp2")
    #expect(
      died.message
        == "dp2 ended (signal 9 (SIGKILL)); its log ends with: step 7; epoch 1; 3 other ranks of group 0 end with it"
    )
    #expect(scene.server.status == .unhealthy)
    #expect(scene.server.statusTrigger == .healthCheckFailed)
    let next = scene.carryOutStops(effects)
    #expect(next.launches.map(\.epoch) == [2])
    #expect(try scene.group().restarts == 1)
    scene.becomeReady()
    #expect(scene.server.status == .healthy)
    #expect(scene.server.statusTrigger == .unspecified)
  }

  @Test func `two ranks that die at once make one restart`() throws {
    var scene = try Scene(.sample(size: 4))
    scene.becomeReady()
    let first = scene.rank(.ended(.signalled(9), lastLine: nil), 2)
    let second = scene.rank(.ended(.signalled(9), lastLine: nil), 3)
    #expect(second.launches.isEmpty && second.rankStops.isEmpty)
    scene.carryOutStops(first)
    #expect(scene.effects.launches.map(\.epoch) == [1, 2])
    #expect(scene.records.count { $0.kind == .rankDied } == 1)
  }

  @Test func `all ranks that die at once make one restart`() throws {
    var scene = try Scene(.sample(size: 4))
    scene.becomeReady()
    for rank in 0..<4 { scene.rank(.ended(.signalled(9), lastLine: nil), rank, epoch: 1) }
    #expect(scene.effects.launches.map(\.epoch) == [1, 2])
  }

  @Test func `late news of a former epoch changes nothing`() throws {
    var scene = try Scene()
    scene.becomeReady()
    scene.carryOutStops(scene.rank(.ended(.signalled(9), lastLine: nil), 0))
    scene.becomeReady()
    let before = scene.application
    #expect(scene.rank(.ended(.signalled(9), lastLine: nil), 1, epoch: 1).isEmpty)
    #expect(scene.application == before)
  }

  @Test func `a configuration error is not tried again`() throws {
    var scene = try Scene()
    let line = "dpengine: error: no such model"
    scene.carryOutStops(scene.rank(.ended(.exited(78), lastLine: line), 0))
    #expect(scene.effects.launches.count == 1)
    #expect(scene.server.status == .deployFailed)
    #expect(scene.server.statusTrigger == .replicaStartupFailed)
    #expect(scene.server.message.contains(line))
    #expect(scene.server.replicas.map(\.state) == [.stopped, .stopped])
  }

  @Test func `a configuration error among the collateral still ends the tries`() throws {
    var scene = try Scene()
    scene.rank(.ended(.exited(1), lastLine: "a peer is gone"), 1)
    scene.rank(.ended(.exited(78), lastLine: "no such model"), 0)
    #expect(scene.effects.launches.count == 1)
    #expect(try scene.group().failure?.replica == "dp0")
  }

  @Test func `a start that dies again and again uses up its budget`() throws {
    var scene = try Scene()
    scene.acknowledge()
    for _ in 0..<20 {
      scene.rank(.ended(.exited(7), lastLine: nil), 0)
      scene.carryOutAllStops()
      if case .backoff(let until) = try scene.group().phase { scene.pass(until - scene.now) }
    }
    #expect(scene.effects.launches.count == 1 + RestartBudget.limit)
    #expect(scene.server.status == .deployFailed)
    #expect(scene.records.last { $0.kind == .groupFailed }?.message.contains("5 restarts in 10 min") == true)
  }

  @Test func `a group that waits says so, and goes on by itself`() throws {
    var scene = try Scene()
    scene.carryOutStops(scene.rank(.ended(.exited(7), lastLine: nil), 0))
    scene.carryOutStops(scene.rank(.ended(.exited(7), lastLine: nil), 0))
    guard case .backoff(let until) = try scene.group().phase else {
      Issue.record("no back-off")
      return
    }
    #expect(scene.server.message.contains("needs 2 ranks, has 0; group 0 waits"))
    #expect(scene.server.message.contains("next: restart 2 of 5 in"))
    #expect(scene.pass(until - scene.now).launches.map(\.epoch) == [3])
  }

  @Test func `a start that stands still is ended and tried again, and progress moves its deadline`() throws {
    var scene = try Scene()
    scene.acknowledge()
    scene.pass(.seconds(50))
    scene.rank(.progressed(.loadWeights, 0.5), 0)
    #expect(scene.pass(.seconds(50)).isEmpty)
    let effects = scene.pass(.seconds(10))
    #expect(effects.rankStops == [[0, 1]])
    #expect(
      scene.records.last { $0.kind == .groupStalled }?.message.hasPrefix("dp1 stood still in spawn") == true)
    #expect(scene.carryOutStops(effects).launches.map(\.epoch) == [2])
  }

  @Test func `an unready rank names itself, its phase, its node and its deadline`() throws {
    var scene = try Scene(.sample(size: 2, perNode: 1, nodes: 2))
    scene.rank(.progressed(.warmup, 0), 0)
    scene.rank(.progressed(.loadWeights, 0.42), 1)
    scene.now = .milliseconds(3200)
    #expect(
      scene.server.message
        == """
        needs 2 ranks, has 0; dp1 on node-1 is in load_weights (42 %), epoch 1 since 3.2 s, deadline in 56 s; \
        next: group 0 serves when all its ranks answer
        """)
  }

  @Test func `a rank that cannot be started for good fails the deployment with the kernel's words`() throws {
    var scene = try Scene()
    scene.carryOutStops(scene.rank(.notStarted("execve dpengine: No such file", isPermanent: true), 0))
    #expect(scene.server.status == .deployFailed)
    #expect(scene.server.message.contains("No such file"))
  }

  @Test func `epochs go on where a former controller stopped`() throws {
    let scene = try Scene(lastEpochs: [0: 41])
    #expect(scene.effects.launches.map(\.epoch) == [42])
  }

  @Test func `an operator's restart drains, and is free of the budget`() throws {
    var scene = try Scene()
    scene.becomeReady()
    let restart = scene.application.restart(group: 0, at: scene.now)
    let effects = try #require(restart)
    #expect(effects.contains(.watchDrain(group: 0, epoch: 1)))
    #expect(effects.tables.last?.entries.allSatisfy(\.isDraining) == true)
    #expect(scene.server.status == .updating)
    let stop = scene.tell(.drained(group: 0, epoch: 1))
    #expect(scene.carryOutStops(stop).launches.map(\.epoch) == [2])
    #expect(try scene.group().restarts == 0)
    let unknown = scene.application.restart(group: 5, at: scene.now)
    #expect(unknown == nil)
  }
}

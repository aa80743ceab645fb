import ControlAPI
import JSON
import Testing

@testable import Ray

@Suite struct `A rollout on Ray` {
  private func seen(
    _ name: String, _ application: String = "dp", isAnswered: Bool = true, isPlaced: Bool = true,
    violation: String? = nil
  ) throws -> RaySighting {
    RaySighting(
      application: try Recorded.details(name)[application], violation: violation, isAnswered: isAnswered,
      isPlaced: isPlaced)
  }

  private func report(_ sighting: RaySighting?, _ rollout: RayRollout, problem: String? = nil) -> RayReport {
    RayReport(
      sighting: sighting, rollout: rollout, problem: problem, age: 3, serverName: "Engine:tiny",
      placement: Placement(ranksPerNode: 4, ranksPerGroup: 8, ranksPerReplica: 1))
  }

  private func begun() -> RayRollout { RayRollout(revision: 1, at: 100, allowing: 60) }

  @Test func `is healthy once Ray says RUNNING and a completion was answered, and not before`() throws {
    var rollout = begun()
    let unproven = try seen("applications_gang8", isAnswered: false)
    #expect(rollout.judge(unproven, at: 101) == nil)
    #expect(report(unproven, rollout).state == .deploying)
    #expect(report(unproven, rollout).deployments()[0].status == .updating)
    let unseen = try seen("applications_gang8", isPlaced: false)
    #expect(rollout.judge(unseen, at: 101) == nil)
    #expect(report(unseen, rollout).message == "Ray does not tell yet where all ranks stand")
    let proven = try seen("applications_gang8")
    #expect(rollout.judge(proven, at: 102) == .becameHealthy && rollout.lastHealthy == 1)
    let status = report(proven, rollout)
    #expect(status.state == .running && status.message.isEmpty)
    #expect(status.deployments().allSatisfy { $0.status == .healthy })
    #expect(status.deployments()[0].targetReplicas == 8 && status.deployments()[0].replicas.count == 8)
  }

  @Test func `whose placement violates the manifest fails, whatever Ray says`() throws {
    var rollout = begun()
    let split = try seen("applications_gang8", violation: "3 on a, 3 on b, 2 on c")
    #expect(rollout.judge(split, at: 101) == .failed("3 on a, 3 on b, 2 on c", comesBack: nil))
    let status = report(split, rollout)
    #expect(status.state == .deployFailed && status.message.contains("3 on b"))
    #expect(status.deployments()[0].status == .deployFailed)
    var healthy = begun()
    _ = healthy.judge(try seen("applications_gang8"), at: 101)
    #expect(report(split, healthy).state == .unhealthy)
    #expect(report(split, healthy).deployments()[0].status == .unhealthy)
  }

  @Test func `that fails brings the last healthy revision back, once`() throws {
    var rollout = begun()
    _ = rollout.judge(try seen("applications_gang8"), at: 101)
    rollout.begin(revision: 2, at: 200, allowing: 60, rollsBack: true, deployedBefore: 0)
    let failed = try seen("applications_deploy_failed_ctor")
    guard case .failed(let reason, comesBack: 1)? = rollout.judge(failed, at: 201) else {
      Issue.record("it does not come back")
      return
    }
    #expect(reason.contains("no GPU") && !reason.contains("\n"), "\(reason)")
    #expect(rollout.judge(failed, at: 202) == nil && report(failed, rollout).state == .deploying)
    rollout.begin(revision: 3, at: 203, allowing: 60, rollsBack: false, deployedBefore: 0)
    #expect(rollout.broughtBack == .init(from: 2, to: 1, reason: reason))
    _ = rollout.judge(try seen("applications_gang8"), at: 204)
    #expect(rollout.lastHealthy == 3)
    rollout.begin(revision: 4, at: 300, allowing: 60, rollsBack: false, deployedBefore: 0)
    #expect(rollout.broughtBack == nil)
    guard case .failed(_, comesBack: nil)? = rollout.judge(failed, at: 301) else {
      Issue.record("a rollback was begun that nobody wants")
      return
    }
  }

  @Test func `does not take Ray's words about the revision before for its own`() throws {
    var rollout = begun()
    let failed = try seen("applications_deploy_failed_ctor")
    rollout.begin(
      revision: 2, at: 200, allowing: 60, rollsBack: false, deployedBefore: failed.application?.deployedAt)
    #expect(rollout.judge(failed, at: 201) == nil)
    rollout.begin(revision: 3, at: 202, allowing: 60, rollsBack: false, deployedBefore: 1)
    #expect(rollout.judge(failed, at: 203) != nil)
  }

  @Test func `has a deadline, which Ray has not, and says what it waited for`() throws {
    var rollout = begun()
    var stuck = try seen("applications_updating_stuck", isAnswered: false)
    stuck.waiting = "a placement group waits (NO_RESOURCES, 3 tries): no node has {CPU: 6}"
    #expect(rollout.judge(stuck, at: 160) == nil)
    #expect(report(stuck, rollout).deployments()[0].message == stuck.waiting)
    guard case .failed(let reason, _)? = rollout.judge(stuck, at: 161) else {
      Issue.record("it waits for ever")
      return
    }
    #expect(reason.contains("not healthy in time") && reason.contains("{CPU: 6}"))
  }

  @Test func `names ranks by their group's number, whichever of Ray's ids holds it now`() throws {
    var rollout = begun()
    var seen = try seen("applications_gang8")
    _ = rollout.judge(seen, at: 101)
    let replicas = try #require(seen.application).deployments[0].replicas.map(\.id)
    func gang(_ id: String) -> Gang {
      Gang(
        id: id, nodes: Array(repeating: "n", count: 8),
        replicas: Dictionary(uniqueKeysWithValues: replicas.enumerated().map { ($1, $0) }))
    }
    seen.gangs = [gang("one")]
    _ = seen.groups.note(["one"], isCalm: true)
    #expect(report(seen, rollout).deployments()[0].replicas.map(\.id) == (0..<8).map { "dp\($0)" })
    seen.gangs = [gang("two")]
    #expect(seen.groups.note(["two"], isCalm: true) == [0])
    let ranks = report(seen, rollout).deployments()[0].replicas
    #expect(ranks.map(\.rank) == Array(0..<8) && ranks.allSatisfy { $0.group == 0 && $0.restarts == 1 })
  }

  @Test func `tells what somebody changed on the cluster, and how to put it back`() throws {
    var rollout = begun()
    var changed = try seen("applications_gang8")
    _ = rollout.judge(changed, at: 101)
    changed.drift = ["args.n", "deployments"]
    #expect(
      report(changed, rollout).message.hasPrefix("somebody changed it on the cluster (args.n, deployments); ")
    )
    #expect(report(changed, rollout).state == .running)
  }

  @Test func `shows what it cannot see as old, never as well`() throws {
    var rollout = begun()
    let well = try seen("applications_gang8")
    _ = rollout.judge(well, at: 101)
    let blind = report(well, rollout, problem: "no Ray cluster answers")
    #expect(blind.state == .unhealthy && blind.message == "no Ray cluster answers; what is shown is 3 s old")
    #expect(!blind.deployments()[0].replicas.contains { !$0.stale })
    #expect(report(RaySighting(application: nil), rollout).state == .unhealthy)
    #expect(report(RaySighting(application: nil), rollout).message.contains("gone from the cluster"))
  }
}

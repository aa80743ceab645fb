import ControlAPI
import Testing

@testable import Deployment

@Suite struct `A process that lives and does not serve` {
  private let silence = Silence(since: .seconds(90), deadline: .seconds(120))

  private func ready(recovers: Bool = false) throws -> Scene {
    var spec = ApplicationSpec.sample(size: 3)
    spec.engine.recovers = recovers
    var scene = try Scene(spec)
    scene.becomeReady()
    scene.now = .seconds(100)
    return scene
  }

  @Test func `makes its deployment UNHEALTHY while nobody knows, and HEALTHY again when it speaks`() throws {
    var scene = try ready()
    scene.tell(.silent([.ingress(1): silence]))
    #expect(scene.ingressStatus.status == .unhealthy && scene.server.status == .healthy)
    let message = scene.ingressStatus.message
    #expect(
      message.contains("ingress-1 gives no sign of life, the last was 10 s ago; next: it is ended in 20 s"),
      "\(message)")
    #expect(scene.records.contains { $0.kind == .silent && $0.subject == "ingress-1" })
    scene.tell(.silent([.rank(group: 0, rank: 2): silence]))
    #expect(scene.ingressStatus.status == .healthy && scene.server.status == .unhealthy)
    #expect(scene.server.message.hasPrefix("dp2 gives no sign of life"))
    scene.tell(.silent([:]))
    #expect(scene.application.status == .running)
  }

  @Test func `is replaced like one that died, an ingress replica`() throws {
    var scene = try ready()
    #expect(scene.ingress(.silent(for: .seconds(30)), 1).ingressStops == [1])
    #expect(scene.ingress(.silent(for: .seconds(31)), 1).isEmpty, "it is being ended already")
    let effects = scene.ingress(.ended(.signalled(9), lastLine: "hello"), 1)
    #expect(effects.ingressLaunches.map(\.life) == [2])
    let died = try #require(effects.records.first { $0.kind == .ingressDied })
    #expect(died.message == "ingress-1 gave no sign of life for 30 s; its log ends with: hello; life 1")
    scene.acknowledge()
    let again = scene.ingress(.ended(.signalled(9), lastLine: nil), 1).records.first
    #expect(again?.message.contains("SIGKILL") == true, "\(again?.message ?? "")")
  }

  @Test func `ends its gang, and is the one that is named`() throws {
    var scene = try ready()
    let effects = scene.rank(.stoodStill(for: .seconds(30)), 1)
    #expect(effects.rankStops == [[0, 1, 2]])
    for rank in 0..<3 { scene.rank(.ended(.signalled(9), lastLine: nil), rank) }
    let told = scene.records.filter { $0.cause != nil }
    #expect(told.allSatisfy { $0.cause?.replica == "dp1" } && !told.isEmpty)
    #expect(told.first?.message == "dp1 made no step for 30 s while there was work for it; group 0 is ended")
    #expect(try scene.group().phase == .starting && scene.group().epoch == 2)
  }

  @Test func `is replaced alone where its group goes on without it`() throws {
    var scene = try ready(recovers: true)
    #expect(scene.rank(.silent(for: .seconds(30)), 1).rankStops == [[1]])
    #expect(scene.rank(.stoodStill(for: .seconds(30)), 1).isEmpty, "it is being ended already")
    let again = scene.application.resume(at: scene.now) { _ in .here }
    #expect(again.rankStops == [[1]], "the next controller must not forget it")
    let effects = scene.rank(.ended(.signalled(9), lastLine: nil), 1)
    #expect(effects.launches.map(\.ranks) == [[1]])
    #expect(
      effects.records.contains {
        $0.kind == .rankDied && $0.message.hasPrefix("dp1 gave no sign of life for 30 s")
      })
  }

  @Test func `ends the whole group where it is the last that serves`() throws {
    var scene = try ready(recovers: true)
    for rank in 0..<2 { scene.rank(.ended(.signalled(9), lastLine: nil), rank, epoch: 1) }
    _ = scene.rank(.stoodStill(for: .seconds(30)), 2, epoch: 1)
    #expect(try scene.group().phase == .stopping(then: .recovery))
  }

  @Test func `is replaced, an ingress replica that does not take the rank table`() throws {
    var scene = try ready()
    scene.rank(.ended(.signalled(9), lastLine: nil), 0)
    scene.carryOutAllStops()
    for rank in 0..<3 { scene.rank(.ready, rank) }
    scene.ingress(.acknowledged(version: scene.application.table.version), 0)
    scene.pass(.seconds(10))
    #expect(
      scene.server.message
        == "1 ingress replica of 2 must still take rank table \(scene.application.table.version); ingress-1 since 10 s,"
        + " deadline in 20 s; next: one that does not take it is started again")
    #expect(scene.pass(.seconds(19)).ingressStops == [])
    #expect(scene.pass(.seconds(1)).ingressStops == [1])
    let effects = scene.ingress(.ended(.signalled(9), lastLine: nil), 1)
    #expect(effects.records.first?.message == "ingress-1 did not take the rank table for 30 s; life 1")
    scene.acknowledge()
    #expect(scene.application.status == .running)
  }

  @Test(arguments: [
    (Optional(512 << 20), "it held 498 MiB, the limit of its control group is 512 MiB"),
    (Int?.none, "it held 498 MiB, no control group limits it"),
  ])
  func `is told from a death for want of memory`(_ limit: Int?, _ words: String) throws {
    var scene = try ready()
    let end = ProcessEnd.outOfMemory(limit: limit, resident: 498 << 20)
    let told = scene.rank(.ended(end, lastLine: "step 7"), 1).records.first?.message
    #expect(
      told?.hasPrefix(
        "dp1 ended (signal 9 (SIGKILL), the kernel was out of memory: \(words)); its log ends with: step 7")
        == true, "\(told ?? "")")
  }
}

import ControlAPI
import Testing

@testable import Machines

@Suite struct `The devices of a machine` {
  private static let use = DeviceUse(
    [device(0, "GPU-aa11", [17: 400]), device(1, "GPU-bb22", [18: 60_000, 19: nil])]
  ) { [17: "/usr/lib/xorg/Xorg", 18: "/venv/bin/python3"][$0] }

  private static func device(_ index: Int, _ uuid: String, _ holders: [Int32: Int?]) -> DeviceStatus {
    var device = DeviceStatus(index: index, source: .nvml, uuid: .known(uuid))
    device.memoryTotalBytes = .known(81_559 << 20)
    device.processes = .known(
      holders.sorted { $0.key < $1.key }.map {
        DeviceProcess(pid: $0, memoryBytes: Known($1.map { $0 << 20 }))
      })
    return device
  }

  private func obstacle(_ wanted: String..., share: Double = 0.9, ours: Int32? = nil) -> DeviceUse.Obstacle? {
    Self.use.obstacle(to: wanted, share: share) { $0 == ours }
  }

  @Test func `are in the way when others leave too little of them`() throws {
    #expect(obstacle("0") == nil)
    let held = try #require(obstacle("0", "1"))
    #expect(held.problem.hasPrefix("device 1 is held by process 18 (python3, 60000 MiB)"), "\(held)")
    #expect(held.problem.hasSuffix("a rank needs 73403 MiB of it, 21559 are left"), "\(held)")
    #expect(obstacle("GPU-bb") == held)
    #expect(obstacle("1", share: 0.2) == nil)
  }

  @Test func `are not in the way of those who hold them, nor are parts that have names of their own`() {
    #expect(obstacle("1", ours: 18) == nil && obstacle("MIG-5") == nil)
  }

  @Test func `that are not there are named`() {
    #expect(obstacle("2")?.problem == "there is no device 2: this machine has 0, 1")
    #expect(DeviceUse([]).obstacle(to: ["2"], share: 1) { _ in false } == nil)
  }
}

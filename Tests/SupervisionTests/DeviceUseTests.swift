import Testing

@testable import Supervision

@Suite struct `The devices of a machine` {
  private static let use = DeviceUse(
    devices: "0, GPU-aa11, 81559\n1, GPU-bb22, 81559\nNVIDIA-SMI says something else\n",
    holders:
      "GPU-aa11, 17, 400, /usr/lib/xorg/Xorg\nGPU-bb22, 18, 60000, /venv/bin/python3, -m train\nGPU-bb22, 19, [N/A], x\n"
  )

  private func obstacle(_ wanted: String..., share: Double = 0.9, ours: Int32? = nil) -> DeviceUse.Obstacle? {
    Self.use.obstacle(to: wanted, share: share) { $0 == ours }
  }

  @Test func `are in the way when others leave too little of them`() throws {
    #expect(obstacle("0") == nil)
    let held = try #require(obstacle("0", "1"))
    #expect(
      held.problem.hasPrefix("device 1 is held by process 18 (python3, -m train, 60000 MiB)"), "\(held)")
    #expect(held.problem.hasSuffix("a rank needs 73403 MiB of it, 21559 are left"), "\(held)")
    #expect(obstacle("GPU-bb") == held)
    #expect(obstacle("1", share: 0.2) == nil)
  }

  @Test func `are not in the way of those who hold them, nor are parts that have names of their own`() {
    #expect(obstacle("1", ours: 18) == nil && obstacle("MIG-5") == nil)
  }

  @Test func `that are not there are named`() {
    #expect(obstacle("2")?.problem == "there is no device 2: this machine has 0, 1")
  }
}

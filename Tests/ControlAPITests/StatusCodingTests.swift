import ControlAPI
import FoundationEssentials
import Testing

@Suite struct `Status JSON` {
  @Test func `writes the unknown as null and leaves out what does not apply`() throws {
    let ingress = ReplicaStatus(id: "ingress-0", role: .ingress, state: .starting)
    let json = String(decoding: try JSONEncoder().encode(ingress), as: UTF8.self)
    #expect(json.contains("\"cpu_ratio\":null") && json.contains("\"pid\":null"))
    #expect(!json.contains("kv_usage_ratio") && !json.contains("\"rank\":") && !json.contains("epoch"))
  }

  @Test func `reads back what it wrote, null and absent kept apart`() throws {
    var rank = ReplicaStatus(id: "dp0", role: .rank, state: .running, phase: .known(.ready))
    rank.kvUsageRatio = .known(0.5)
    for replica in [rank, ReplicaStatus(id: "ingress-0", role: .ingress, state: .running)] {
      let data = try JSONEncoder().encode(replica)
      #expect(try JSONDecoder().decode(ReplicaStatus.self, from: data) == replica)
    }
  }

  @Test func `reads back machines, with what their devices tell and what they do not`() throws {
    var device = DeviceStatus(index: 0, source: .dcgm, uuid: .known("GPU-aa"))
    device.throttleReasons = .known([.powerCap, .hardwareThermal])
    device.processes = .known([DeviceProcess(pid: 7, memoryBytes: .unknown)])
    device.lastXID = .known(79)
    let machine = MachineStatus(name: "h", devices: [device, DeviceStatus(index: 1, source: .nvml)])
    let data = try JSONEncoder().encode(machine)
    #expect(try JSONDecoder().decode(MachineStatus.self, from: data) == machine)
    let json = String(decoding: data, as: UTF8.self)
    #expect(json.contains("\"throttle_reasons\":[\"power_cap\",\"hw_thermal\"]"))
    #expect(json.contains("\"steal_ratio\":null") && !json.contains("deviceProblem"))
  }

  @Test func `names every reason of a mask, those without a word as other`() {
    #expect(ThrottleReason.reasons(ofMask: 0) == [])
    #expect(ThrottleReason.reasons(ofMask: 0x1FF).count == 9)
    #expect(ThrottleReason.reasons(ofMask: 0x600) == [.other])
  }
}

@Suite struct `The home directory` {
  @Test(arguments: [
    (["DPDEPLOY_HOME": "/x/", "HOME": "/h"], "/x"),
    (["XDG_STATE_HOME": "/s", "HOME": "/h"], "/s/dpdeploy"),
    (["DPDEPLOY_HOME": "", "HOME": "/h"], "/h/.local/state/dpdeploy"),
  ])
  func `comes from the environment`(environment: [String: String], path: String) {
    #expect(HomeDirectory { environment[$0] }?.path == path)
  }

  @Test func `is nowhere without HOME`() {
    #expect(HomeDirectory { _ in nil } == nil)
  }
}

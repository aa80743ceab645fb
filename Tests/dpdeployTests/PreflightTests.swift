import CommandLine
import ControlAPI
import Manifest
import Ray
import Testing

@testable import dpdeploy

@Suite struct `A look at the machine` {
  private static let sound = MachineFacts(
    machine: Machine(cores: 4, memoryBytes: 8 << 30), memoryAvailableBytes: 4 << 30, openFiles: 65_536,
    processes: .max, sharedMemoryBytes: 2 << 30, hasAVX2: true, kernel: "6.1.0-18-amd64", home: "/home/a/dp",
    isHomeWritable: true, homeBytes: 10 << 30)
  private static let model = ModelOutline(
    source: "m", longestSequence: 4096, experts: 16, weightBytes: 1 << 30)
  private static let wish = DeploymentFacts(
    engine: .bundled, ranks: 2, ingressReplicas: 2, model: .found(model), port: .free(8000))

  private func check(
    _ id: String, _ change: (inout MachineFacts, inout DeploymentFacts) -> Void
  ) throws -> Check {
    var (facts, wish) = (Self.sound, Self.wish)
    change(&facts, &wish)
    return try #require(Preflight(facts: facts, wish: wish).checks.first { $0.id == id })
  }

  @Test func `finds nothing wrong with a sound one`() {
    let checks = Preflight(facts: Self.sound, wish: Self.wish).checks
    #expect(checks.allSatisfy { $0.verdict == .pass && $0.cure == nil }, "\(checks)")
    #expect(Set(checks.map(\.id)).count == checks.count)
    #expect(Preflight(facts: Self.sound, wish: nil).checks.count == checks.count - 3)
  }

  @Test func `says what will not run, and how to mend it`() throws {
    let failing: [(String, String, (inout MachineFacts, inout DeploymentFacts) -> Void)] = [
      ("memory", "free memory", { facts, _ in facts.memoryAvailableBytes = 1 << 29 }),
      ("processes", "nproc", { facts, _ in facts.processes = 80 }),
      ("kernel", "5.3", { facts, _ in facts.kernel = "4.19.0" }),
      ("home", "DPDEPLOY_HOME", { facts, _ in facts.isHomeWritable = false }),
      ("socket", "shorter", { facts, _ in facts.home = "/" + String(repeating: "x", count: 100) }),
      ("model", "model_source", { _, wish in wish.model = .missing("m") }),
      ("port", "ingress.port", { _, wish in wish.port = .taken(80, by: "process 1 (nginx)") }),
      ("port", "ingress.host", { _, wish in wish.port = .refused(80, why: "bind: Permission denied") }),
      ("haproxy", "apt install haproxy", { _, wish in wish.front = .missing("haproxy") }),
      ("vllm", "anew", { _, wish in wish.vLLM = VLLMFacts(fault: .init(problem: "exit 1", cure: "anew")) }),
      (
        "devices", "end it",
        { _, wish in wish.vLLM = VLLMFacts(obstacle: .init(problem: "1", cure: "end it")) }
      ),
    ]
    for (id, cure, change) in failing {
      let found = try check(id, change)
      #expect(found.verdict == .fail && found.cure?.contains(cure) == true, "\(found)")
    }
  }

  @Test func `tells of each accelerator, and warns of one that is slowed, fails or does not answer`() throws {
    func check(_ change: (inout DeviceStatus) -> Void) throws -> Check {
      var device = DeviceStatus(index: 1, source: .nvml, uuid: .known("GPU-bb"), model: .known("H100"))
      device.observedAgeSeconds = .known(0)
      device.utilizationRatio = .known(0.87)
      device.memoryUsedBytes = .known(70_000 << 20)
      device.throttleReasons = .known([.powerCap])
      device.processes = .known([DeviceProcess(pid: 42, memoryBytes: .unknown)])
      change(&device)
      return try self.check("device-1") { facts, _ in facts.devices = [device] }
    }
    let sound = try check { _ in }
    #expect(sound.verdict == .pass)
    #expect(
      sound.evidence == """
        H100; GPU-bb; 87% busy, – of SMs; 70000 of – MiB; – of – W; – of – MHz; memory – of – MHz; – °C; \
        slowed by power_cap; ECC – uncorrected, – corrected; held by 42 (– MiB)
        """)
    #expect(try check { $0.throttleReasons = .known([.hardwareThermal]) }.verdict == .warn)
    #expect(try check { $0.eccUncorrected = .known(1) }.cure?.contains("replaced") == true)
    #expect(try check { $0.observedAgeSeconds = .unknown }.evidence == "it does not answer")
    let broken = try self.check("accelerators") { facts, _ in facts.deviceProblem = "NVML: Driver Not Loaded"
    }
    #expect(broken.verdict == .warn && broken.evidence == "NVML: Driver Not Loaded")
  }

  @Test func `says what will run badly`() throws {
    let warned: [(String, String, (inout MachineFacts, inout DeploymentFacts) -> Void)] = [
      ("cores", "at most 4", { _, wish in wish.ranks = 5 }),
      ("ingress", "at most 4", { _, wish in wish.ingressReplicas = 64 }),
      ("open-files", "4096", { facts, _ in facts.openFiles = 1024 }),
      ("instructions", "AVX2", { facts, _ in facts.hasAVX2 = false }),
      ("privacy", "chmod 700", { facts, _ in facts.homeFacts.mode = 0o755 }),
      ("controller", "daemon start", { facts, _ in facts.homeFacts.socket = .abandoned }),
      ("home", "another disk", { facts, _ in facts.homeBytes = 1 << 20 }),
      (
        "model", "num_replicas",
        { _, wish in
          wish.model = .found(ModelOutline(source: "d", longestSequence: nil, experts: nil, weightBytes: 1))
        }
      ),
      (
        "shared-memory", "shm-size",
        { facts, wish in
          wish.vLLM = VLLMFacts(program: "/v/bin/vllm, 0.32.0")
          facts.sharedMemoryBytes = 64 << 20
        }
      ),
    ]
    for (id, cure, change) in warned {
      let found = try check(id, change)
      #expect(found.verdict == .warn && found.cure?.contains(cure) == true, "\(found)")
    }
  }

  @Test func `passes over what cannot be seen`() throws {
    #expect(try check("memory") { facts, _ in facts.memoryAvailableBytes = nil }.verdict == .skip)
    #expect(try check("kernel") { facts, _ in facts.kernel = nil }.verdict == .skip)
    #expect(try check("instructions") { facts, _ in facts.hasAVX2 = nil }.verdict == .skip)
  }

  @Test func `has a safe repair for a home that is missing, open to others or left by a killed controller`()
    throws
  {
    #expect(
      try check("privacy") { facts, _ in facts.homeFacts.mode = nil }.repair == .makeFolder("/home/a/dp"))
    #expect(
      try check("privacy") { facts, _ in facts.homeFacts.mode = 0o750 }.repair == .closeFolder("/home/a/dp"))
    #expect(
      try check("controller") { facts, _ in facts.homeFacts.socket = .abandoned }.repair
        == .removeSocket("/home/a/dp/controller.sock"))
    #expect(try check("controller") { facts, _ in facts.homeFacts.socket = .answered }.repair == nil)
  }

  @Test func `reads as a list, and as one object`() {
    let checks = [Check("port", .fail, "80 is taken", cure: "end it"), Check("cores", .pass, "2 cores")]
    #expect(
      DoctorCommand.text(checks, .plain) == """
        FAIL  port   80 is taken
                cure: end it
        PASS  cores  2 cores

        """)
    let report = json(PreflightReport(checks, MachineStatus(name: "h")), isPretty: false)
    #expect(
      report.contains(#"{"cure":null,"evidence":"2 cores","fix":null,"id":"cores","verdict":"PASS"}"#)
        && report.contains(#""devices":[],"#), "\(report)")
  }

  @Test func `asks a cluster for what is to run there, and stops at the first thing that is wrong`() {
    var cluster = ClusterFacts()
    cluster.release = .good("Ray 2.60 answers at head:8265")
    cluster.serve = .bad(.serveMissing)
    let checks = Preflight(facts: Self.sound, wish: nil, cluster: cluster).checks.suffix(4)
    #expect(checks.map(\.id) == ["cluster", "serve", "nodes", "room"])
    #expect(checks.map(\.verdict) == [.pass, .fail, .skip, .skip])
    let serve = checks.dropFirst().first
    #expect(serve?.evidence == "the cluster's Ray has no Serve")
    #expect(serve?.cure == "run `pip install 'ray[serve]'` on its nodes")
  }

}

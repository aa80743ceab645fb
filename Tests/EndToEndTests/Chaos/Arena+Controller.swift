import ControlClient
import FoundationEssentials
import Glibc
import Platform
import Testing

// The controller.
extension Arena {
  /// Arms an instant: the next controller that comes there, or does so for the `count`th time, is killed.
  func arm(_ failpoint: String, count: Int = 1) throws { try write("\(failpoint) \(count)", to: "failpoint") }

  var isArmed: Bool { access(folder + "/failpoint", F_OK) == 0 }

  func disarm() { unlink(folder + "/failpoint") }

  /// Starts a controller; it may be dead by the time that this returns, if an instant is armed.
  func startController() async throws {
    let log = FileDescriptor(
      owning: open(folder + "/controller.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600))
    let null = FileDescriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
    var (program, words) = (tools + "/dpdeployd", ["--foreground"])
    if let memoryGroup {
      words = ["-c", "echo $$ > $0/cgroup.procs && exec \"$@\"", memoryGroup, program] + words
      program = "/bin/sh"
    }
    let child = try ChildProcess(
      Command(
        program, words, environment: environment,
        descriptors: [(null.raw, 0), (log.raw, 1), (log.raw, 2)]))
    controller = child
    try await wait(for: "the controller", within: .seconds(20), every: .milliseconds(5)) {
      if child.exitStatus != nil { return () }
      return (try? await client.version()) == nil ? nil : ()
    }
  }

  /// Counts what the controller holds now, to be compared with later.
  func noteDescriptors() throws {
    descriptorsBefore = Self.descriptors(of: try #require(controllerPid))
  }

  /// Kills whichever controller there is, one that a command started included.
  func killController() async {
    for pid in Population(of: home).others where isController(pid) { kill(pid, SIGKILL) }
    try? await untilControllerEnds()
  }

  /// Tells whichever controller there is to stop, and waits until it has: after a death a command may have started it.
  func stopController() async throws {
    if let pid = controllerPid { kill(pid, SIGTERM) }
    try await untilControllerEnds()
  }

  /// Waits until no controller of this home is there.
  func untilControllerEnds(within limit: Duration = .seconds(15)) async throws {
    try await wait(for: "the controller's end", within: limit, every: .milliseconds(5)) {
      hasController ? nil : ()
    }
  }

  var hasController: Bool { controllerPid != nil }

  /// Whichever controller there is, one that a command started included.
  var controllerPid: Int32? {
    if let controller, controller.exitStatus == nil { return controller.pid }
    return Population(of: home).others.first(where: isController)
  }

  /// Runs a program in this home's environment, which is none of the commands that are judged.
  func run(_ program: String, _ words: [String]) async throws -> Run {
    try await runner.run(program, words, within: .seconds(30))
  }

  private func isController(_ pid: Int32) -> Bool {
    guard ProcessRecord(pid: pid)?.isZombie == false else { return false }
    return (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe"))?.hasSuffix(
      "/dpdeployd") == true
  }

  private static func descriptors(of pid: Int32) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0
  }

  /// Measures the controller while nothing happens.
  func measureController(for time: Duration) async throws {
    let pid = try #require(controllerPid)
    let before = try #require(ProcessRecord(pid: pid))
    let start = Instant.now
    await Loop.sleep(for: time)
    let after = try #require(ProcessRecord(pid: pid))
    let zombies = ProcessRecord.allPids().count {
      ProcessRecord(pid: $0).map { $0.parent == pid && $0.isZombie } == true
    }
    evidence.controller = ControllerUse(
      idleCPU: Double(after.cpuNanoseconds - before.cpuNanoseconds) * 1e-9 / (Instant.now - start).inSeconds,
      residentBytes: after.residentBytes, descriptors: (descriptorsBefore, Self.descriptors(of: pid)),
      zombies: zombies)
  }
}

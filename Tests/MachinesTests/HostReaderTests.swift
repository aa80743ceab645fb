import ControlAPI
import FoundationEssentials
import Machines
import Testing

@Suite struct `What the system tells of a machine` {
  @Test func `is shares of all processors' time since the last look, stolen time apart`() throws {
    let folder = "\(FileManager.default.temporaryDirectory.path())/proc-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func write(_ text: String, _ name: String) throws {
      try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
    }
    try write("cpu  1000 0 500 8000 100 0 0 400 50 0\ncpu0 1 2 3\n", "stat")
    try write("0.75 0.50 0.25 2/300 4242\n", "loadavg")
    try write("MemTotal:       8000 kB\nMemFree:         100 kB\nMemAvailable:   2000 kB\n", "meminfo")
    var reader = HostReader(proc: folder, sharedMemory: "/dev/shm")
    // 100 more ticks: 30 + 10 worked, 20 idle, 10 waited for a disk, 30 stolen.
    try write("cpu  1030 0 510 8020 110 0 0 430 50 0\n", "stat")
    let machine = reader.read()
    #expect(machine.cpuRatio == .known(0.4) && machine.stealRatio == .known(0.3))
    #expect(machine.load1m == .known(0.75))
    #expect(machine.memoryTotalBytes == .known(8000 << 10) && machine.memoryUsedBytes == .known(6000 << 10))
    #expect((machine.shmTotalBytes.value ?? 0) > 0 && machine.shmUsedBytes.value != nil)
    // Nobody can know a share of no time.
    #expect(reader.read().cpuRatio == .unknown)
  }

  @Test func `is unknown where it does not tell`() {
    var reader = HostReader(proc: "/nowhere", sharedMemory: "/nowhere")
    let machine = reader.read()
    #expect(machine.cpuRatio == .unknown && machine.stealRatio == .unknown && machine.load1m == .unknown)
    #expect(machine.memoryTotalBytes == .unknown && machine.shmTotalBytes == .unknown)
  }
}

import ControlAPI
import Platform
import Testing

@testable import Machines

@Suite struct `The devices that NVIDIA's library tells of` {
  /// Reads through a stub that does as `script` says.
  @Loop
  private func withDevices(
    _ script: String = "", _ body: @Loop (LocalDevices, NVMLStub) async throws -> Void
  ) async throws {
    let stub = try NVMLStub(script)
    defer { stub.remove() }
    try await body(LocalDevices(path: stub.path), stub)
  }

  @Test func `are read whole, and shares of time at the second look`() async throws {
    try await withDevices("processes 0 42:69000 43\nuncorrected 0 2") { local, _ in
      await local.read(until: .after(.seconds(10)))
      #expect(local.devices.first?.smActiveRatio == .unknown)
      await local.read(until: .after(.seconds(10)))
      let device = try #require(local.devices.first)
      #expect(local.driver == "550.54.15" && local.problem == nil && local.devices.count == 2)
      #expect(device.uuid == .known("GPU-aa") && device.model == .known("NVIDIA H100 80GB HBM3"))
      #expect(device.source == .nvml && !device.stale)
      #expect(device.utilizationRatio == .known(0.87) && device.smActiveRatio == .known(0.615))
      #expect(device.dramActiveRatio == .known(0.33) && device.tensorActiveRatio == .unknown)
      #expect(device.memoryUsedBytes == .known(70_000 << 20))
      #expect(device.memoryTotalBytes == .known(81_559 << 20))
      #expect(device.powerWatts == .known(655.1) && device.powerLimitWatts == .known(700))
      #expect(device.smClockHertz == .known(1_980_000_000) && device.smClockMaxHertz == .known(1_980_000_000))
      #expect(
        device.memoryClockHertz == .known(2_619_000_000)
          && device.memoryClockMaxHertz == .known(2_619_000_000))
      #expect(device.temperatureCelsius == .known(64) && device.throttleReasons == .known([]))
      #expect(device.eccUncorrected == .known(2) && device.eccCorrected == .known(12))
      #expect(
        device.processes
          == .known([
            DeviceProcess(pid: 42, memoryBytes: .known(69_000 << 20)),
            DeviceProcess(pid: 43, memoryBytes: .unknown),
          ]))
    }
  }

  @Test func `say in words why they are slow, and what they do not tell is unknown, never zero`() async throws
  {
    try await withDevices { local, _ in
      await local.read(until: .after(.seconds(10)))
      await local.read(until: .after(.seconds(10)))
      let device = try #require(local.devices.last)
      #expect(device.throttleReasons == .known([.hardwareSlowdown, .hardwareThermal]))
      #expect(device.powerWatts == .known(312.4) && device.powerLimitWatts == .unknown)
      #expect(device.smActiveRatio == .unknown && device.processes == .known([]))
    }
  }

  @Test func `that do not answer hold up no others, and are read again once they do`() async throws {
    try await withDevices("hang 0") { local, stub in
      await local.read(until: .after(.milliseconds(200)))
      // The other was read at once; of this one nothing is known but that it is there.
      #expect(local.devices.map(\.utilizationRatio) == [.unknown, .known(0.87)])
      #expect(local.devices.map(\.observedAgeSeconds.value).first == .some(nil))
      try stub.write("")
      let deadline = Instant.after(.seconds(10))
      while local.devices.first?.utilizationRatio == .unknown, .now < deadline {
        await local.read(until: .after(.milliseconds(50)))
      }
      #expect(local.devices.first?.utilizationRatio == .known(0.87))
    }
  }

  @Test func `that stopped answering keep their names, and lose their readings with age`() async throws {
    try await withDevices { local, stub in
      await local.read(until: .after(.seconds(10)))
      try stub.write("hang 1")
      let later = Instant.now + .seconds(DeviceStatus.longestAge + 1)
      let device = try #require(local.devices(at: later).last)
      #expect(device.stale && (device.observedAgeSeconds.value ?? 0) > DeviceStatus.longestAge)
      #expect(device.uuid == .known("GPU-bb") && device.memoryTotalBytes.value != nil)
      #expect(device.utilizationRatio == .unknown && device.throttleReasons == .unknown)
      #expect(local.devices.last?.stale == false)
    }
  }

  @Test func `are none where there is no driver, and cannot be read where it is not loaded`() async throws {
    let absent = LocalDevices(path: "/nowhere/libnvidia-ml.so.1")
    await absent.read(until: .never)
    let isQuiet = await absent.problem == nil
    #expect(isQuiet)
    #expect(await absent.devices.isEmpty)
    try await withDevices("broken") { local, _ in
      await local.read(until: .after(.seconds(10)))
      #expect(local.devices.isEmpty && local.problem == "NVML: Driver Not Loaded")
    }
  }
}

import ControlAPI
import FoundationEssentials
import HTTP
import Platform
import Testing

@testable import Machines

@Suite @Loop struct `The devices that an exporter tells of` {
  private static let page: [UInt8] = {
    let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return (try? FileContent.bytes(of: folder + "/Samples/dcgm-two.prom")) ?? []
  }()

  @Test func `are read with their host, and what the page does not say is unknown`() throws {
    let machine = try #require(try DCGMPage.read(Self.page).first)
    #expect(machine.name == "h100-0" && machine.devices.map(\.index) == [0, 1])
    let first = machine.devices[0]
    #expect(first.source == .dcgm && first.uuid == .known("GPU-aa"))
    #expect(first.utilizationRatio == .known(0.93) && first.smActiveRatio == .known(0.615))
    #expect(first.tensorActiveRatio == .known(0.22) && first.dramActiveRatio == .known(0.33))
    #expect(first.memoryUsedBytes == .known(70_000 << 20) && first.memoryTotalBytes == .known(81_559 << 20))
    #expect(first.powerWatts == .known(655.123) && first.powerLimitWatts == .unknown)
    #expect(first.smClockHertz == .known(1_980_000_000) && first.memoryClockHertz == .known(2_619_000_000))
    #expect(first.throttleReasons == .known([.powerCap]) && first.lastXID == .known(0))
    #expect(first.processes == .unknown)
    let second = machine.devices[1]
    // Without a utilisation of its own, the share of time in which the engine ran is the same thing.
    #expect(second.utilizationRatio == .known(0.5) && second.smActiveRatio == .unknown)
    #expect(second.throttleReasons == .known([.hardwareSlowdown, .hardwareThermal]))
    #expect(second.temperatureCelsius == .known(91) && second.lastXID == .known(79))
    #expect(second.eccUncorrected == .known(2) && second.eccCorrected == .known(0))
    // A part of the device has memory of its own, which is not the device's.
    #expect(second.memoryUsedBytes == .known(70_000 << 20))
  }

  @Test func `are none on a page of something else, and a broken page is told with its line`() throws {
    #expect(try DCGMPage.read(Array("vllm:num_requests_running 3\n".utf8)).isEmpty)
    #expect(throws: (any Error).self) { try DCGMPage.read(Array("DCGM_FI_DEV_GPU_UTIL{gpu=\"0\n".utf8)) }
  }

  @Test func `and the driver are one, the exporter first and the driver where that is silent`() async throws {
    let stub = try NVMLStub("processes 0 42:69000")
    defer { stub.remove() }
    try await withExporter { url in
      let watch = MachineWatch(LocalDevices(path: stub.path), exporters: [url])
      await watch.readTwice(until: .after(.seconds(10)))
      #expect(watch.machines.count == 1)
      let device = try #require(watch.machine.devices.first)
      #expect(watch.machine.devices.count == 2 && device.source == .dcgm)
      #expect(device.utilizationRatio == .known(0.93), "the driver says 87 %")
      #expect(device.powerLimitWatts == .known(700) && device.smClockMaxHertz == .known(1_980_000_000))
      #expect(device.processes.value?.map(\.pid) == [42])
      #expect(watch.machine.deviceProblem == nil && watch.machine.driverVersion == "550.54.15")
    }
  }

  @Test func `of other machines stand beside this one`() async throws {
    try await withExporter { url in
      let watch = MachineWatch(
        LocalDevices(path: "/nowhere"), exporters: [url, "http://127.0.0.1:1/metrics"])
      await watch.readTwice(until: .after(.seconds(10)))
      #expect(watch.machines.map(\.name).last == "h100-0" && watch.machines.last?.devices.count == 2)
      #expect(watch.machine.devices.isEmpty)
      #expect(watch.machine.deviceProblem?.contains("http://127.0.0.1:1/metrics") == true)
    }
  }

  @Test func `lose their readings with age, and keep their names`() throws {
    let device = try #require(try DCGMPage.read(Self.page).first?.devices.first)
    let old = device.aged(DeviceStatus.longestAge + 1)
    #expect(old.stale && old.utilizationRatio == .unknown && old.memoryUsedBytes == .unknown)
    #expect(old.uuid == device.uuid && old.memoryTotalBytes == device.memoryTotalBytes)
    #expect(device.aged(1).utilizationRatio == .known(0.93) && device.aged(1).observedAgeSeconds == .known(1))
  }

  /// Serves the recorded page.
  private func withExporter(_ body: @Loop (String) async throws -> Void) async throws {
    let socket = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
    let port = Listener.port(of: socket) ?? 0
    let server = HTTPServer(try Listener(socket)) { await $0.respond(200, body: Self.page) }
    let running = Task { @Loop in await server.run() }
    try await body("http://127.0.0.1:\(port)/metrics")
    _ = await server.drain(until: .after(.seconds(5)))
    await running.value
  }
}

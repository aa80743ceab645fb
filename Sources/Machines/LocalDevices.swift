public import ControlAPI
public import Platform

/// The NVIDIA devices of this machine, through the driver's library.
///
/// Where there is none, one attempt to open it is all that this ever costs.
@Loop
public final class LocalDevices {
  /// The variable that names a library to open in place of the driver's.
  public nonisolated static let libraryVariable = "DPDEPLOY_NVML"
  private static let pause = Duration.seconds(1)

  private struct Track {
    let device: NVMLDevice
    var last: DeviceStatus
    var readAt: Instant?
    /// The reading that is under way; a device that hangs gets no second one.
    var reading: Task<Void, Never>?
  }

  private let path: String
  private var opening: Task<Void, Never>?
  private var tracks: [Track] = []
  private var nextLook = Instant(nanoseconds: 0)
  /// Why the devices cannot be read; nil where they can, or where there is no driver.
  public private(set) var problem: String?
  /// The driver's version; nil until it says.
  public private(set) var driver: String?

  /// Will open the library at `path`; nil takes the one of the environment, else the driver's.
  public nonisolated init(path: String? = nil) {
    self.path = path ?? Environment[Self.libraryVariable] ?? "libnvidia-ml.so.1"
  }

  /// Has the devices read, at most once a second; returns at once.
  public func look() {
    guard Instant.now >= nextLook else { return }
    nextLook = .after(Self.pause)
    _ = opened
    for place in tracks.indices { _ = reading(place) }
  }

  /// Reads the devices; those that have not answered by `deadline` stay unknown until they do.
  public func read(until deadline: Instant) async {
    nextLook = .after(Self.pause)
    let isDone = Signal()
    Loop.task {
      await self.opened.value
      let readings = self.tracks.indices.map { self.reading($0) }
      for reading in readings { await reading.value }
      isDone.fire()
    }
    _ = await isDone.wait(until: deadline)
  }

  /// What is known now; of a device that has not answered for long only what it is called.
  public var devices: [DeviceStatus] { devices(at: .now) }

  /// What is known at an instant.
  func devices(at now: Instant) -> [DeviceStatus] {
    tracks.map { track in
      track.readAt.map { track.last.aged((now - $0).inSeconds) } ?? track.last
    }
  }

  /// The one attempt to open the library, after which the devices are known.
  private var opened: Task<Void, Never> {
    if let opening { return opening }
    let task = Loop.task { await self.open() }
    opening = task
    return task
  }

  private func open() async {
    do throws(NVMLProblem) {
      let nvml = try NVML(path: path)
      let thread = WorkerThread()
      let count = try await NVMLStart(nvml, thread).begin()
      driver = nvml.driver
      tracks = (0..<count).map { index in
        let device = NVMLDevice(nvml, index: index, thread: index == 0 ? thread : WorkerThread())
        return Track(device: device, last: DeviceStatus(index: index, source: .nvml))
      }
      for place in tracks.indices { _ = reading(place) }
    } catch {
      if case .broken = error { problem = error.description }
    }
  }

  /// The reading of a device that is under way, or a new one.
  private func reading(_ place: Int) -> Task<Void, Never> {
    if let reading = tracks[place].reading { return reading }
    let task = Loop.task { await self.read(place) }
    tracks[place].reading = task
    return task
  }

  private func read(_ place: Int) async {
    let status = await tracks[place].device.read()
    tracks[place].last = status
    tracks[place].readAt = .now
    tracks[place].reading = nil
  }
}

/// The start of the library, away from the loop.
private actor NVMLStart {
  private let nvml: NVML
  private let thread: WorkerThread

  init(_ nvml: NVML, _ thread: WorkerThread) {
    self.nvml = nvml
    self.thread = thread
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  func begin() throws(NVMLProblem) -> Int { try nvml.begin() }
}

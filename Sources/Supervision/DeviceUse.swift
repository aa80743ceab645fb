import Platform

/// Who has the memory of this machine's NVIDIA devices.
public struct DeviceUse: Sendable, Equatable {
  struct Device: Sendable, Equatable {
    let index: String
    let uuid: String
    let mebibytes: Int
  }

  struct Holder: Sendable, Equatable {
    let device: String
    let pid: Int32
    let program: String
    let mebibytes: Int

    var words: String { "process \(pid) (\(program), \(mebibytes) MiB)" }
  }

  /// Why a device cannot be had, and what to do.
  public struct Obstacle: Sendable, Equatable {
    /// What is wrong.
    public let problem: String
    /// What to do.
    public let cure: String
  }

  let devices: [Device]
  let holders: [Holder]

  private static let deviceColumns = ["index", "uuid", "memory.total"]
  private static let holderColumns = ["gpu_uuid", "pid", "used_memory", "process_name"]
  private static let answerTime = Duration.seconds(10)

  /// Reads what `nvidia-smi` answers; nil when there is none, or it says nothing in time.
  @Loop
  public static func current() async -> DeviceUse? {
    guard let program = SearchPath.find("nvidia-smi") else { return nil }
    let devices = await ask(program, "--query-gpu=", deviceColumns)
    let holders = await ask(program, "--query-compute-apps=", holderColumns)
    guard let devices, let holders else { return nil }
    return DeviceUse(devices: devices, holders: holders)
  }

  @Loop
  private static func ask(_ program: String, _ query: String, _ columns: [String]) async -> String? {
    let run = try? await CapturedRun(
      program, [query + columns.joined(separator: ","), "--format=csv,noheader,nounits"],
      until: .after(answerTime))
    return run?.status == .exited(0) ? run?.output : nil
  }

  /// Reads both answers; lines without numbers, such as `[N/A]`, are passed over.
  init(devices: String, holders: String) {
    self.devices = Self.rows(devices, Self.deviceColumns).compactMap { fields in
      Int(fields[2]).map { Device(index: fields[0], uuid: fields[1], mebibytes: $0) }
    }
    self.holders = Self.rows(holders, Self.holderColumns).compactMap { fields in
      guard let pid = Int32(fields[1]), let memory = Int(fields[2]) else { return nil }
      let program = fields[3].split(separator: "/").last.map(String.init) ?? fields[3]
      return Holder(device: fields[0], pid: pid, program: program, mebibytes: memory)
    }
  }

  private static func rows(_ text: String, _ columns: [String]) -> [[String]] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: ",", maxSplits: columns.count - 1).map {
        String($0.drop(while: \.isWhitespace))
      }
      return fields.count == columns.count ? fields : nil
    }
  }

  /// What keeps a process that takes a `share` of the memory of each device in `wanted` from starting.
  ///
  /// - Parameters:
  ///   - wanted: as in `CUDA_VISIBLE_DEVICES`.
  ///   - isOurs: whether a process will be gone by then.
  /// - Returns: nil when nothing does.
  public func obstacle(to wanted: [String], share: Double, isOurs: (Int32) -> Bool) -> Obstacle? {
    for name in wanted {
      guard let device = devices.first(where: { $0.index == name || $0.uuid.hasPrefix(name) }) else {
        // Parts of devices have names of their own.
        if Int(name) == nil { continue }
        return Obstacle(
          problem:
            "there is no device \(name): this machine has \(devices.map(\.index).joined(separator: ", "))",
          cure: "lower data_parallel_size, or name others in CUDA_VISIBLE_DEVICES")
      }
      let others = holders.filter { $0.device == device.uuid && !isOurs($0.pid) }
      let free = device.mebibytes - others.map(\.mebibytes).reduce(0, +)
      let need = Int(Double(device.mebibytes) * share)
      guard free < need else { continue }
      return Obstacle(
        problem: """
          device \(device.index) is held by \(others.map(\.words).joined(separator: ", ")): a rank needs \(need) MiB \
          of it, \(free) are left
          """,
        cure: "end that, name other devices in CUDA_VISIBLE_DEVICES, or lower gpu_memory_utilization")
    }
    return nil
  }
}

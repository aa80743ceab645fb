import ControlAPI

/// What a device tells, on one line; `–` is unknown.
enum DeviceText {
  static func words(of device: DeviceStatus) -> String {
    [
      device.model.value ?? unknown, device.uuid.value ?? unknown,
      "\(percent(device.utilizationRatio)) busy, \(percent(device.smActiveRatio)) of SMs",
      "\(mebibytes(device.memoryUsedBytes)) of \(mebibytes(device.memoryTotalBytes)) MiB",
      "\(whole(device.powerWatts)) of \(whole(device.powerLimitWatts)) W",
      "\(megahertz(device.smClockHertz)) of \(megahertz(device.smClockMaxHertz)) MHz",
      "memory \(megahertz(device.memoryClockHertz)) of \(megahertz(device.memoryClockMaxHertz)) MHz",
      "\(whole(device.temperatureCelsius)) °C", "slowed by \(reasons(device.throttleReasons))",
      "ECC \(number(device.eccUncorrected)) uncorrected, \(number(device.eccCorrected)) corrected",
      "held by \(holders(device.processes))",
    ].joined(separator: "; ")
  }

  private static let unknown = "–"

  private static func number(_ value: Known<Int>) -> String { value.value.map(String.init) ?? unknown }

  private static func whole(_ value: Known<Double>) -> String {
    number(Known(value.value.flatMap { Int(exactly: $0.rounded()) }))
  }

  private static func percent(_ share: Known<Double>) -> String {
    share.value.map { whole(.known($0 * 100)) + "%" } ?? unknown
  }

  private static func mebibytes(_ bytes: Known<Int>) -> String { number(Known(bytes.value.map { $0 >> 20 })) }

  private static func megahertz(_ hertz: Known<Int>) -> String {
    number(Known(hertz.value.map { $0 / 1_000_000 }))
  }

  private static func reasons(_ reasons: Known<[ThrottleReason]>) -> String {
    guard let reasons = reasons.value else { return unknown }
    return reasons.isEmpty ? "nothing" : reasons.map(\.rawValue).joined(separator: ", ")
  }

  private static func holders(_ processes: Known<[DeviceProcess]>) -> String {
    guard let processes = processes.value else { return unknown }
    guard !processes.isEmpty else { return "nobody" }
    return processes.map { "\($0.pid) (\(mebibytes($0.memoryBytes)) MiB)" }.joined(separator: ", ")
  }
}

import ControlAPI

extension DeviceStatus {
  /// Readings older than this are unknown, in seconds.
  static let longestAge = 5.0

  /// The same `age` seconds later: once that is too long, only what does not change is left of it.
  func aged(_ age: Double) -> DeviceStatus {
    var status = self
    if age > Self.longestAge {
      status = DeviceStatus(index: index, source: source, uuid: uuid, model: model)
      status.memoryTotalBytes = memoryTotalBytes
      status.smClockMaxHertz = smClockMaxHertz
      status.memoryClockMaxHertz = memoryClockMaxHertz
      status.stale = true
    }
    status.observedAgeSeconds = .known(age)
    return status
  }

  /// The same, with what it does not tell from what another source tells of the device.
  func completed(by other: DeviceStatus) -> DeviceStatus {
    var status = self
    status.index = other.index
    func fill<Value: Codable & Sendable & Hashable>(_ field: WritableKeyPath<DeviceStatus, Known<Value>>) {
      if status[keyPath: field] == .unknown { status[keyPath: field] = other[keyPath: field] }
    }
    fill(\.model)
    fill(\.utilizationRatio)
    fill(\.smActiveRatio)
    fill(\.tensorActiveRatio)
    fill(\.dramActiveRatio)
    fill(\.memoryUsedBytes)
    fill(\.memoryTotalBytes)
    fill(\.powerWatts)
    fill(\.powerLimitWatts)
    fill(\.smClockHertz)
    fill(\.smClockMaxHertz)
    fill(\.memoryClockHertz)
    fill(\.memoryClockMaxHertz)
    fill(\.temperatureCelsius)
    fill(\.throttleReasons)
    fill(\.eccUncorrected)
    fill(\.eccCorrected)
    fill(\.processes)
    return status
  }
}

extension Known<Double> {
  /// A share of time or room as counters tell it, which may be off by a little.
  static func share(_ value: Double) -> Known<Double> {
    value.isFinite ? .known(min(1, max(0, value))) : .unknown
  }
}

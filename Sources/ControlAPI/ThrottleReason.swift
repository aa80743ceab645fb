/// Why a device's clocks are below the fastest.
public enum ThrottleReason: String, Codable, Sendable, CaseIterable {
  /// Nothing runs.
  case idle
  /// Somebody set the clocks.
  case clocksSet = "clocks_set"
  /// It draws as much power as it may.
  case powerCap = "power_cap"
  /// The hardware halves its clocks or worse: too hot, or too little power from outside.
  case hardwareSlowdown = "hw_slowdown"
  /// It keeps in step with other devices.
  case syncBoost = "sync_boost"
  /// The driver slows it, as it or its memory is too hot.
  case thermal = "sw_thermal"
  /// The hardware slows it, as it is too hot.
  case hardwareThermal = "hw_thermal"
  /// The power supply asks for less.
  case powerBrake = "power_brake"
  /// A display asks for these clocks.
  case display
  /// Some reason that we have no word for.
  case other

  /// Whether it makes the device slower than its peers are under the same load.
  public var isFault: Bool {
    switch self {
    case .hardwareSlowdown, .thermal, .hardwareThermal, .powerBrake: true
    case .idle, .clocksSet, .powerCap, .syncBoost, .display, .other: false
    }
  }

  /// The reasons of a mask, whose bits NVML and DCGM give the same meaning.
  public static func reasons(ofMask mask: UInt64) -> [ThrottleReason] {
    let meanings: [(UInt64, ThrottleReason)] = [
      (0x1, .idle), (0x2, .clocksSet), (0x4, .powerCap), (0x8, .hardwareSlowdown), (0x10, .syncBoost),
      (0x20, .thermal), (0x40, .hardwareThermal), (0x80, .powerBrake), (0x100, .display), (~0x1FF, .other),
    ]
    return meanings.filter { mask & $0.0 != 0 }.map(\.1)
  }
}

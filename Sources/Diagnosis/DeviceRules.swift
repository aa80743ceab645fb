import ControlAPI

// What devices suffer from, by the word of their driver or exporter.
extension HintRule {
  static let failingDevice = HintRule(
    "H37", .notStarting, .error, "the memory of a device fails",
    signal: "a device that a rank computes on has memory errors that could not be put right",
    cause: """
      An uncorrected error ends the process that met it, and what was computed from it is wrong; one that comes again means \
      that the memory itself is failing.
      """,
    remedy: """
      keep requests away from its rank, end that, reset the device (`nvidia-smi -r`), and have it replaced when errors \
      come again
      """,
    explains: ["H09"]
  ) { observation in
    observation.rankDevices.filter { $0.device.eccUncorrected.value ?? 0 > 0 }.map { rank, device in
      Finding(
        replica: rank.id, title: "the memory of device \(device.index), on which \(rank.id) computes, fails",
        advice:
          "`dpdeploy drain \(observation.application.name) \(rank.id)`, then reset the device or name another "
          + "one in CUDA_VISIBLE_DEVICES",
        evidence: [
          Evidence(
            .nodes,
            "device \(device.index) (\(device.source.rawValue)) has \(device.eccUncorrected.text) uncorrected memory "
              + "errors, \(device.eccCorrected.text) corrected ones")
        ])
    }
  }

  static let slowedDevice = HintRule(
    "H36", .lowThroughput, .warning, "a device is slowed down",
    signal: """
      a device that a rank computes on lowers its clocks, as it is too hot or gets too little power, or draws all it may and \
      is a fifth slower than its peers
      """,
    cause: "In lock-step the slowest rank sets the pace of all: one hot device slows the whole group.",
    remedy:
      "look after its fans, its neighbours and its power supply; until then keep requests away from its rank",
    explains: ["H09"]
  ) { observation in
    let all = observation.rankDevices
    return all.compactMap { rank, device in
      guard let reasons = device.throttleReasons.value else { return nil }
      var faults = reasons.filter(\.isFault)
      let peers = all.filter { $0.device.index != device.index }.compactMap { $0.device.smClockHertz.value }
      if reasons.contains(.powerCap), let clock = device.smClockHertz.value, let usual = median(peers),
        clock * 5 < usual * 4
      {
        faults.append(.powerCap)
      }
      guard !faults.isEmpty else { return nil }
      let names = faults.map(\.rawValue).joined(separator: ", ")
      return Finding(
        replica: rank.id,
        title: "device \(device.index), on which \(rank.id) computes, is slowed down: \(names)",
        advice: "look after its cooling and power; until then "
          + "`dpdeploy drain \(observation.application.name) \(rank.id)` keeps requests away from it",
        evidence: [
          Evidence(
            .nodes,
            "device \(device.index) (\(device.source.rawValue)) runs at \(megahertz(device.smClockHertz)) of "
              + "\(megahertz(device.smClockMaxHertz)) MHz"),
          Evidence(
            .nodes,
            "it has \(whole(device.temperatureCelsius)) °C and draws \(whole(device.powerWatts)) of "
              + "\(whole(device.powerLimitWatts)) W"),
        ])
    }
  }

  private static func megahertz(_ clock: Known<Int>) -> String {
    Known(clock.value.map { $0 / 1_000_000 }).text
  }

  private static func whole(_ value: Known<Double>) -> String {
    Known(value.value.flatMap { Int(exactly: $0.rounded()) }).text
  }
}

public import ControlAPI
public import Telemetry

/// The metrics page of an exporter of NVIDIA's data centre GPU manager (`dcgm-exporter`).
public enum DCGMPage {
  /// Reads a page: the machines that it tells of, with their devices.
  ///
  /// Parts of devices (MIG) are passed over: what they do is no share of the device.
  public static func read(_ page: some Collection<UInt8>) throws(PrometheusError) -> [MachineStatus] {
    var devices: [String: [Int: DeviceReading]] = [:]
    for sample in try PrometheusReader.samples(in: page, where: { fields[$0] != nil }) {
      // What it does not know it writes as NaN, or as a number that nothing reaches.
      guard let field = fields[sample.name], abs(sample.value) < 1e15,
        let index = sample[label: "gpu"].flatMap({ Int($0) }), sample[label: "GPU_I_ID"] ?? "" == ""
      else { continue }
      let host = sample[label: "Hostname"] ?? ""
      var reading = devices[host]?[index] ?? DeviceReading(sample, index)
      field(&reading, sample.value)
      devices[host, default: [:]][index] = reading
    }
    return devices.sorted { $0.key < $1.key }.map { host, readings in
      MachineStatus(name: host, devices: readings.sorted { $0.key < $1.key }.map(\.value.status))
    }
  }

  /// What a series says of a device, by the field identifiers of DCGM.
  private static let fields: [String: @Sendable (inout DeviceReading, Double) -> Void] = [
    "DCGM_FI_DEV_GPU_UTIL": { $0.device.utilizationRatio = .share($1 / 100) },
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": { $0.engineActive = $1 },
    "DCGM_FI_PROF_SM_ACTIVE": { $0.device.smActiveRatio = .share($1) },
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": { $0.device.tensorActiveRatio = .share($1) },
    "DCGM_FI_PROF_DRAM_ACTIVE": { $0.device.dramActiveRatio = .share($1) },
    "DCGM_FI_DEV_FB_USED": { $0.usedMebibytes = $1 },
    "DCGM_FI_DEV_FB_FREE": { $0.freeMebibytes = $1 },
    "DCGM_FI_DEV_FB_RESERVED": { $0.reservedMebibytes = $1 },
    "DCGM_FI_DEV_FB_TOTAL": { $0.device.memoryTotalBytes = .known(Int($1) << 20) },
    "DCGM_FI_DEV_POWER_USAGE": { $0.device.powerWatts = .known($1) },
    "DCGM_FI_DEV_ENFORCED_POWER_LIMIT": { $0.device.powerLimitWatts = .known($1) },
    "DCGM_FI_DEV_POWER_MGMT_LIMIT": { $0.device.powerLimitWatts = .known($1) },
    "DCGM_FI_DEV_SM_CLOCK": { $0.device.smClockHertz = .known(Int($1) * 1_000_000) },
    "DCGM_FI_DEV_MAX_SM_CLOCK": { $0.device.smClockMaxHertz = .known(Int($1) * 1_000_000) },
    "DCGM_FI_DEV_MEM_CLOCK": { $0.device.memoryClockHertz = .known(Int($1) * 1_000_000) },
    "DCGM_FI_DEV_MAX_MEM_CLOCK": { $0.device.memoryClockMaxHertz = .known(Int($1) * 1_000_000) },
    "DCGM_FI_DEV_GPU_TEMP": { $0.device.temperatureCelsius = .known($1) },
    "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS": { $0.device.throttleReasons = reasons($1) },
    "DCGM_FI_DEV_CLOCKS_EVENT_REASONS": { $0.device.throttleReasons = reasons($1) },
    "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL": { $0.device.eccUncorrected = .known(Int($1)) },
    "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL": { $0.device.eccCorrected = .known(Int($1)) },
    "DCGM_FI_DEV_XID_ERRORS": { $0.device.lastXID = .known(Int($1)) },
  ]

  private static func reasons(_ mask: Double) -> Known<[ThrottleReason]> {
    Known(UInt64(exactly: mask).map { ThrottleReason.reasons(ofMask: $0) })
  }
}

/// A device on its way from a page's lines to a status.
private struct DeviceReading {
  var device: DeviceStatus
  var engineActive: Double?
  var usedMebibytes: Double?
  var freeMebibytes: Double?
  var reservedMebibytes = 0.0

  init(_ sample: PrometheusSample, _ index: Int) {
    device = DeviceStatus(
      index: index, source: .dcgm, uuid: Known(sample[label: "UUID"]),
      model: Known(sample[label: "modelName"]))
    device.observedAgeSeconds = .known(0)
  }

  var status: DeviceStatus {
    var status = device
    // Both are shares of the time in which anything ran.
    if status.utilizationRatio == .unknown {
      status.utilizationRatio = engineActive.map { .share($0) } ?? .unknown
    }
    status.memoryUsedBytes = Known(usedMebibytes.map { Int($0) << 20 })
    if status.memoryTotalBytes == .unknown, let usedMebibytes, let freeMebibytes {
      status.memoryTotalBytes = .known(Int(usedMebibytes + freeMebibytes + reservedMebibytes) << 20)
    }
    return status
  }
}

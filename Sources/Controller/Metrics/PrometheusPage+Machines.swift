import ControlAPI
import Telemetry

// The machines and their accelerators; what is not known has no sample.
extension PrometheusPage {
  private struct Family<Subject> {
    let name: String
    let help: String
    let value: (Subject) -> Double?

    init(_ name: String, _ help: String, _ value: @escaping (Subject) -> Double?) {
      (self.name, self.help, self.value) = (name, help, value)
    }
  }

  func writeMachines(_ page: inout PrometheusWriter) {
    let families: [Family<MachineStatus>] = [
      Family("cpu_ratio", "Share of all processors' time in which they worked.") { $0.cpuRatio.value },
      Family("steal_ratio", "Share of all processors' time that the hypervisor gave to others.") {
        $0.stealRatio.value
      },
      Family("load1", "Processes that ran or waited to, as a mean over the last minute.") { $0.load1m.value },
      Family("memory_used_bytes", "Memory that cannot be had without swapping.") {
        whole($0.memoryUsedBytes)
      },
      Family("memory_bytes", "All memory.") { whole($0.memoryTotalBytes) },
      Family("shm_used_bytes", "What lies in /dev/shm.") { whole($0.shmUsedBytes) },
      Family("shm_bytes", "The room of /dev/shm.") { whole($0.shmTotalBytes) },
    ]
    for family in families {
      let name = "dpdeploy_machine_" + family.name
      page.family(name, .gauge, help: family.help)
      for machine in machines {
        if let value = family.value(machine) {
          page.sample(name, MetricLabels(["machine": machine.name]), value)
        }
      }
    }
    if machines.contains(where: { !$0.devices.isEmpty }) { writeDevices(&page) }
  }

  private func writeDevices(_ page: inout PrometheusWriter) {
    let families: [Family<DeviceStatus>] = [
      Family("utilization_ratio", "Share of the time in which some kernel ran.") {
        $0.utilizationRatio.value
      },
      Family("sm_active_ratio", "Share of its multiprocessors that had work.") { $0.smActiveRatio.value },
      Family("memory_used_bytes", "Memory that processes have.") { whole($0.memoryUsedBytes) },
      Family("memory_bytes", "All memory.") { whole($0.memoryTotalBytes) },
      Family("power_watts", "Power that it draws.") { $0.powerWatts.value },
      Family("power_limit_watts", "Power that it may draw.") { $0.powerLimitWatts.value },
      Family("sm_clock_hertz", "Clock of its multiprocessors.") { whole($0.smClockHertz) },
      Family("temperature_celsius", "Temperature of the chip.") { $0.temperatureCelsius.value },
      Family("slowed", "1 while heat or want of power keeps its clocks down.") { device in
        device.throttleReasons.value.map { $0.contains(where: \.isFault) ? 1 : 0 }
      },
      Family("uncorrected_errors", "Memory errors since its driver was loaded that could not be put right.") {
        whole($0.eccUncorrected)
      },
    ]
    for family in families {
      let name = "dpdeploy_device_" + family.name
      page.family(name, .gauge, help: family.help)
      for machine in machines {
        for device in machine.devices {
          if let value = family.value(device) { page.sample(name, labels(machine, device), value) }
        }
      }
    }
  }

  private func labels(_ machine: MachineStatus, _ device: DeviceStatus) -> MetricLabels {
    MetricLabels(["machine": machine.name, "device": "\(device.index)"])
      .adding("uuid", device.uuid.value ?? "").adding("source", device.source.rawValue)
  }

  private func whole(_ value: Known<Int>) -> Double? { value.value.map(Double.init) }
}

import ControlAPI

extension Preflight {
  /// One check for each accelerator, or one that says why there is none.
  var accelerators: [Check] {
    if let problem = facts.deviceProblem {
      return [
        Check(
          "accelerators", .warn, problem,
          cure: "see whether `nvidia-smi` runs: the driver's library and kernel module must be of one release"
        )
      ]
    }
    guard !facts.devices.isEmpty else {
      return [Check("accelerators", .pass, "none: there is no driver of NVIDIA's")]
    }
    return facts.devices.map(check)
  }

  private func check(_ device: DeviceStatus) -> Check {
    let id = "device-\(device.index)"
    guard device.observedAgeSeconds.value != nil else {
      return Check(
        id, .warn, "it does not answer", cure: "look for `NVRM: Xid` in `dmesg`; it may need a reset")
    }
    let words = DeviceText.words(of: device)
    if let errors = device.eccUncorrected.value, errors > 0 {
      return Check(
        id, .warn, words, cure: "its memory has failed: reset it, and have it replaced when that comes again")
    }
    if device.throttleReasons.value?.contains(where: \.isFault) == true {
      return Check(
        id, .warn, words, cure: "look after its cooling and power: a step takes as long as its slowest rank")
    }
    return Check(id, .pass, words)
  }
}

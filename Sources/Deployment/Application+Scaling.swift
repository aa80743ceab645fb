import ControlAPI

/// The number of ingress replicas follows the load.
extension Application {
  /// How many there should be after an apply, of which `present` there should be now: a range keeps them within.
  func ingressCount(_ present: Int) -> Int {
    spec.ingressScaling?.bounded(present) ?? spec.ingressReplicas
  }

  /// What the scaling concluded last; nil where the number is fixed.
  var scalingStatus: ScalingStatus? {
    guard let scaler = ingressScaler else { return nil }
    var status = ScalingStatus(
      minReplicas: scaler.rule.minimum, maxReplicas: scaler.rule.maximum,
      targetOngoingRequests: scaler.rule.targetOngoingRequests)
    guard let last = scaler.last else { return status }
    status.ongoingRequests = .known(last.load)
    status.runningReplicas = .known(last.running)
    status.wantedReplicas = .known(last.wanted)
    status.decision = .known(last.words(scaler.rule))
    return status
  }
}

extension Autoscaler.Decision {
  /// The numbers behind it, for events and the status.
  func words(_ rule: ScalingRule) -> String {
    let requests = Double(Int((load * 100).rounded())) / 100
    let per =
      "\(requests) ongoing requests over \(rule.lookBackSeconds) s at \(running) replicas, target "
      + "\(rule.targetOngoingRequests) each, ask for \(wanted)"
    guard wanted != target else { return per }
    let delay = wanted > target ? rule.upscaleDelaySeconds : rule.downscaleDelaySeconds
    return since == nil
      ? "\(per); within the bounds it is \(target)" : "\(per); \(target) until that lasted \(delay) s"
  }
}

extension Duration {
  /// The time in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

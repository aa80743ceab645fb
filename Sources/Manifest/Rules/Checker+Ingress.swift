extension Checker {
  /// `num_replicas` or bounds, not both; a range is accepted and its lower end runs.
  mutating func checkIngress() {
    let givenBounds = [FieldPath.ingressMinimum, FieldPath.ingressMaximum].filter(isGiven)
    if isGiven(FieldPath.ingressReplicas), let bound = givenBounds.first {
      diagnostics.report(
        .conflict, "`num_replicas` and `autoscaling_config` exclude each other",
        at: span(FieldPath.ingressReplicas),
        note: mention(bound), help: "keep `autoscaling_config`, with `min_replicas` and `max_replicas`")
      return
    }
    let bounds = ingressBounds
    if bounds.minimum > bounds.maximum {
      diagnostics.report(
        .badValue,
        "`min_replicas` is \(bounds.minimum), more than `max_replicas`, which is \(bounds.maximum)",
        at: span(FieldPath.ingressMinimum), note: mention(FieldPath.ingressMaximum))
    } else if bounds.minimum < bounds.maximum {
      diagnostics.report(
        .notInEffect,
        "autoscaling is not in effect yet: \(bounds.minimum) ingress replicas run, whatever the load",
        at: span(FieldPath.ingressMaximum), help: "set `min_replicas` to the number you want")
    }
  }

  /// The bounds of the ingress; without a `max_replicas` both are `min_replicas`.
  var ingressBounds: ReplicaBounds {
    if let fixed = integer(FieldPath.ingressReplicas) { return ReplicaBounds(minimum: fixed, maximum: fixed) }
    let minimum = integer(FieldPath.ingressMinimum) ?? 1
    return ReplicaBounds(minimum: minimum, maximum: integer(FieldPath.ingressMaximum) ?? minimum)
  }
}

extension Checker {
  /// `num_replicas` or bounds, not both; a start that is not within them makes no sense.
  mutating func checkIngress() {
    let givenBounds = [FieldPath.ingressMinimum, FieldPath.ingressMaximum].filter(isGiven)
    if isGiven(FieldPath.ingressReplicas), let bound = givenBounds.first {
      diagnostics.report(
        .conflict, "`num_replicas` and `autoscaling_config` exclude each other",
        at: span(FieldPath.ingressReplicas),
        note: mention(bound), help: "keep `autoscaling_config`, with `min_replicas` and `max_replicas`")
      return
    }
    guard !isOverridden(FieldPath.ingressReplicas) else { return }
    let bounds = ingressBounds
    if bounds.minimum > bounds.maximum {
      diagnostics.report(
        .badValue,
        "`min_replicas` is \(bounds.minimum), more than `max_replicas`, which is \(bounds.maximum)",
        at: span(FieldPath.ingressMinimum), note: mention(FieldPath.ingressMaximum),
        help: "raise `max_replicas` to \(bounds.minimum), or lower `min_replicas`")
    }
    if let initial = integer(FieldPath.ingressInitial),
      !(bounds.minimum...max(bounds.minimum, bounds.maximum)).contains(initial)
    {
      diagnostics.report(
        .badValue,
        "`initial_replicas` is \(initial), not within \(bounds.minimum) to \(bounds.maximum)",
        at: span(FieldPath.ingressInitial), note: mention(FieldPath.ingressMaximum))
    }
  }

  /// The bounds of the ingress; without a `max_replicas` both are `min_replicas`.
  var ingressBounds: ReplicaBounds {
    if let fixed = integer(FieldPath.ingressReplicas) { return ReplicaBounds(minimum: fixed, maximum: fixed) }
    let minimum = integer(FieldPath.ingressMinimum) ?? 1
    return ReplicaBounds(minimum: minimum, maximum: integer(FieldPath.ingressMaximum) ?? minimum)
  }
}

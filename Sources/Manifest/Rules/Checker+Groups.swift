extension Checker {
  private var isRange: Bool {
    [FieldPath.groupMinimum, FieldPath.groupMaximum, FieldPath.groupInitial].contains(where: isGiven)
  }

  /// Whether the file gives bounds in the place of a number, and no operator gave a number since.
  var hasGroupRange: Bool { isRange && !isOverridden(FieldPath.groups) }

  /// The bounds of the number of groups; without a range both are `num_replicas`.
  var groupBounds: ReplicaBounds {
    guard hasGroupRange else {
      let fixed = integer(FieldPath.groups) ?? 1
      return ReplicaBounds(minimum: fixed, maximum: fixed)
    }
    let minimum = max(1, integer(FieldPath.groupMinimum) ?? 1)
    return ReplicaBounds(minimum: minimum, maximum: max(minimum, integer(FieldPath.groupMaximum) ?? minimum))
  }

  /// The number of groups to start with.
  var startGroups: Int {
    let bounds = groupBounds
    let initial = hasGroupRange ? integer(FieldPath.groupInitial) : nil
    return min(max(initial ?? bounds.minimum, bounds.minimum), bounds.maximum)
  }

  /// `num_replicas` or bounds, not both; bounds that leave nothing to scale are no error, and not what was meant.
  mutating func checkGroups() {
    if isRange, isGiven(FieldPath.groups) {
      diagnostics.report(
        .conflict, "`num_replicas` and `autoscaling_config` exclude each other", at: span(FieldPath.groups),
        note: mention(given(below: FieldPath.groupScaling).sorted().first ?? FieldPath.groupMaximum),
        help: "keep `autoscaling_config`, with `min_replicas` and `max_replicas`")
      return
    }
    checkBounds()
    let keys = given(below: FieldPath.groupScaling).sorted()
    guard let first = keys.first, !isOverridden(FieldPath.groups), !diagnostics.hasErrors else { return }
    let bounds = groupBounds
    if bounds.minimum == bounds.maximum {
      let noun = bounds.minimum == 1 ? "group" : "groups"
      diagnostics.report(
        .scalesNothing,
        "`autoscaling_config` scales nothing: there \(bounds.minimum == 1 ? "is" : "are") always "
          + "\(bounds.minimum) \(noun)",
        at: span(first),
        note: "whole groups come and go with the load; the ranks of one, `data_parallel_size`, are fixed",
        help: "raise `max_replicas`, or leave `autoscaling_config` out; the ingress has its own")
    } else if !isGiven(FieldPath.groupTarget) {
      diagnostics.report(
        .scalesNothing, "without `target_ongoing_requests` no load ever asks for another group",
        at: span(first),
        note: "its default is Ray Serve LLM's, 1e9", help: "write `target_ongoing_requests`, for each rank")
    }
  }

  private mutating func checkBounds() {
    if integer(FieldPath.groupMinimum) == 0 {
      diagnostics.report(
        .badValue, "`min_replicas` is 0, and a deployment without a group cannot be woken by a request yet",
        at: span(FieldPath.groupMinimum), help: "write 1")
    }
    let range = Scale.groupRange
    for path in [FieldPath.groupMinimum, FieldPath.groupMaximum] {
      guard let number = integer(path), number > range.upperBound else { continue }
      diagnostics.report(
        .badValue, "\(mention(path)), more than the \(range.upperBound) groups that there may be",
        at: span(path))
    }
    let minimum = integer(FieldPath.groupMinimum) ?? 1
    if let maximum = integer(FieldPath.groupMaximum), minimum > maximum {
      diagnostics.report(
        .badValue, "`min_replicas` is \(minimum), more than `max_replicas`, which is \(maximum)",
        at: span(FieldPath.groupMinimum) ?? span(FieldPath.groupMaximum),
        note: mention(FieldPath.groupMaximum))
    } else if let initial = integer(FieldPath.groupInitial),
      !(minimum...(integer(FieldPath.groupMaximum) ?? minimum)).contains(initial)
    {
      diagnostics.report(
        .badValue, "`initial_replicas` is \(initial), not within the bounds",
        at: span(FieldPath.groupInitial),
        note: mention(FieldPath.groupMaximum))
    }
  }
}

/// What carrying out a changed spec would do to the processes that run, and how long nobody would be served.
public struct RolloutPlan: Sendable, Equatable {
  /// What happens, one line for each thing, in the order of cost.
  public let steps: [String]
  /// The time in which requests only wait at the ingress; zero when others go on serving, nil when no start was ever
  /// timed.
  public let interruption: Duration?

  /// Compares what runs with what is asked for.
  public init(from state: Application, to new: ApplicationSpec) {
    let old = state.spec
    var steps: [String] = []
    var interruption: Duration? = .zero
    if new.engine != old.engine {
      let start = state.groups.compactMap(\.startTime).max()
      let hasRoom =
        new.replacement.surges
        && (try? RankAssignment(groups: new.mostGroups + 1, engine: new.engine, cluster: new.cluster)) != nil
      let most = min(new.replacement.most ?? state.groupCount, state.groupCount)
      interruption = most == state.groupCount && !hasRoom ? start : .zero
      steps.append(
        hasRoom
          ? "a further group starts and serves while \(count(state.groupCount, "group")) of the former engine are replaced"
          : Self.replacement(of: state.groupCount, most, start))
    }
    if let rule = new.groupScaling, rule != old.groupScaling {
      steps.append("the number of groups follows the load, from \(rule.minimum) to \(rule.maximum)")
    } else if new.groupScaling == nil, new.groups != state.groupCount {
      steps.append(
        new.groups > state.groupCount
          ? "\(count(new.groups - state.groupCount, "group")) more start; the others go on serving"
          : "\(count(state.groupCount - new.groups, "group")) finish their requests and end")
    }
    if new.ingress != old.ingress {
      steps.append(
        "\(count(new.ingressReplicas, "ingress replica")) are replaced, new ones first; no connect is refused"
      )
    } else if new.ingressReplicas != old.ingressReplicas {
      steps.append("\(count(new.ingressReplicas, "ingress replica")) run instead of \(old.ingressReplicas)")
    }
    if steps.isEmpty, new != old { steps.append("limits change while everything runs") }
    self.steps = steps
    self.interruption = interruption
  }

  private static func replacement(of groups: Int, _ most: Int, _ start: Duration?) -> String {
    guard most == groups else {
      let pace = most == 1 ? "one after the other" : "\(most) at a time"
      return "\(groups) groups are replaced \(pace); the others go on serving"
    }
    let time =
      start.map { "about \($0.words) (as long as its last start took)" }
      ?? "a time that no start has told yet"
    let all = groups == 1 ? "1 of 1 group is" : "all \(groups) groups are"
    return "\(all) replaced: requests wait at the ingress for \(time)"
  }
}

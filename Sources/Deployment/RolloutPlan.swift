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
        (try? RankAssignment(groups: new.groups + 1, engine: new.engine, cluster: new.cluster)) != nil
      interruption = old.groups == 1 && !hasRoom ? start : .zero
      steps.append(
        hasRoom
          ? "a further group starts and serves while \(count(old.groups, "group")) of the former engine are replaced"
          : Self.replacement(of: old.groups, start))
    }
    if new.groups != old.groups {
      steps.append(
        new.groups > old.groups
          ? "\(count(new.groups - old.groups, "group")) more start; the others go on serving"
          : "\(count(old.groups - new.groups, "group")) finish their requests and end")
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

  private static func replacement(of groups: Int, _ start: Duration?) -> String {
    guard groups == 1 else {
      return "\(groups) groups are replaced one after the other; the others go on serving"
    }
    let time =
      start.map { "about \($0.words) (as long as its last start took)" }
      ?? "a time that no start has told yet"
    return "1 of 1 group is replaced: requests wait at the ingress for \(time)"
  }
}

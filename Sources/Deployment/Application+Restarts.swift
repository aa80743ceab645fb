import ControlAPI

/// Starts that an operator asks for.
extension Application {
  /// Starts all processes of these kinds again, as a change of their settings would: group by group, and of the ingress
  /// new replicas before the old ones end.
  public mutating func restartAll(ranks: Bool, ingress: Bool, at now: Duration) -> [Effect] {
    var new = spec
    if ranks { new.engine.restarts += 1 }
    if ingress { new.ingress.restarts += 1 }
    let what = ranks && ingress ? "everything" : ranks ? "every group" : "every ingress replica"
    let record = EventRecord(.info, .restartRequested, "a rolling restart of \(what) was asked for")
    // It is placed already, so it finds room again.
    return [.record(record)] + ((try? apply(new, revision: revision, at: now)) ?? [])
  }

  /// Restarts a group on a fresh budget; nil when there is none of that number.
  public mutating func restart(group: Int, at now: Duration) -> [Effect]? {
    guard let place = groups.firstIndex(where: { $0.index == group }), group < groupCount, !isDeleting else {
      return nil
    }
    var effects: [Effect] = [
      .record(EventRecord(.info, .restartRequested, subject: groups[place].name, "a restart was asked for"))
    ]
    if serverCondition.status != .updating { serverCondition.begin(.update, at: now) }
    groups[place].replace(
      engine: spec.engine, nodes: assignment.nodes[group],
      drainTimeout: min(spec.drainTimeout, Self.restartDrain), at: now, &effects)
    settle(at: now, &effects)
    return effects
  }

  /// Has another ingress replica take the place of the one at `index`.
  public mutating func restart(ingress index: Int, at now: Duration) -> [Effect] {
    guard !isDeleting else { return [] }
    var effects: [Effect] = []
    if ingressCondition.status != .updating { ingressCondition.begin(.update, at: now) }
    ingress.restart(index, at: now, &effects)
    settle(at: now, &effects)
    return effects
  }

  /// An operator who restarts a group does not want to wait for its longest request.
  private static let restartDrain = Duration.seconds(10)
}

extension ApplicationSpec {
  /// The same, carried out on top of what `running` was started with: what need not be started again is not.
  public func following(_ running: ApplicationSpec) -> ApplicationSpec {
    var spec = self
    // A board that is large enough stays: fewer replicas are no reason to start the others again.
    spec.ingress.boardRows = max(spec.ingress.boardRows, running.ingress.boardRows)
    spec.ingress.restarts = running.ingress.restarts
    spec.engine.restarts = running.engine.restarts
    return spec
  }
}

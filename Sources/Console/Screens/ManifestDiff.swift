import ControlAPI
import Terminal

/// What an apply of the file would change in what runs, as a diff of its fields, and what that costs.
enum ManifestDiff {
  typealias Line = TextScreens.Line

  static func lines(_ state: ConsoleState) -> [Line] {
    guard let entry = state.manifest else { return [Line("no manifest", .faint)] }
    guard let name = entry.name else {
      return [Line("✖ the file has errors, so it cannot be compared", .critical)]
    }
    if state.replay != nil { return [Line("a recording holds no plan of an apply", .faint)] }
    guard let planned = state.pages.planned, planned.text == entry.text, let answer = planned.answer else {
      return [Line("asking the controller …", .faint)]
    }
    switch answer {
    case .failure(let error): return [Line("✖ " + error.message, .critical)]
    case .success(let plan): return heading(plan, name) + fields(plan.changes) + cost(plan)
    }
  }

  private static func heading(_ plan: PlanResult, _ name: String) -> [Line] {
    let words =
      switch plan.outcome {
      case .created: "\(name) does not run yet: everything is new"
      case .unchanged: "nothing differs from revision \(plan.revision) of \(name)"
      case .updated: "the file against revision \(plan.revision) of \(name)"
      }
    return [Line(words, .strong), Line()]
  }

  /// Changed fields under the names of the sections that hold them, each named once.
  private static func fields(_ changes: [FieldChange]) -> [Line] {
    var open: [String] = []
    return changes.flatMap { change -> [Line] in
      let parts = change.path.split(separator: ".").map(String.init)
      let sections = Array(parts.dropLast())
      let common = zip(open, sections).prefix { $0 == $1 }.count
      open = sections
      let heads = sections.enumerated().dropFirst(common).map { depth, name in
        Line("   " + String(repeating: "  ", count: depth) + name + ":", .faint)
      }
      let indent = String(repeating: "  ", count: sections.count)
      let name = parts.last ?? change.path
      var lines = Array(heads)
      if let before = change.before { lines.append(Line(" - \(indent)\(name): \(before)", .critical)) }
      if let after = change.after {
        lines.append(
          Line([(" + \(indent)\(name): \(after)", .ok), ("   # " + change.changeClass, .faint)]))
      }
      return lines
    }
  }

  private static func cost(_ plan: PlanResult) -> [Line] {
    var lines = plan.steps.isEmpty ? [] : [Line(), Line("then", .strong)]
    lines += plan.steps.map { Line("  · " + $0) }
    guard plan.outcome == .updated else { return lines }
    lines.append(
      Line([("  requests wait for about ", .text), (Units.duration(plan.interruptionSeconds.value), .strong)])
    )
    return lines
  }
}

/// Every apply of the application, newest first.
enum ManifestHistory {
  typealias Line = TextScreens.Line

  static func lines(_ state: ConsoleState) -> [Line] {
    guard let name = state.manifest?.name ?? state.applicationName else {
      return [Line("no application", .faint)]
    }
    if state.replay != nil { return [Line("a recording holds no revisions", .faint)] }
    guard let revisions = state.pages.revisions, revisions.application == name else {
      return [Line(state.shown.application(name) == nil ? "\(name) does not run" : "asking …", .faint)]
    }
    let head = Line("revisions of \(name), newest first; u carries the chosen one out again", .faint)
    return [head, Line()]
      + revisions.list.reversed().enumerated().map { index, revision in
        let isChosen = index == state.pages.chosenRevision
        let marks =
          (revision.isCurrent ? "  holds now" : "") + (revision.isLastHealthy ? "  last healthy" : "")
        return Line([
          (isChosen ? "▸ " : "  ", .key), ("revision \(revision.number)", isChosen ? .strong : .text),
          ("  \(revision.appliedAt)", .faint), (marks, revision.isCurrent ? .ok : .info),
        ])
      }
  }
}

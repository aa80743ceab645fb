/// What the state database tells.
extension Judge {
  var lostChanges: [String] {
    guard let store = evidence.store, let last = evidence.acknowledged.last else { return [] }
    guard let application = store.application else {
      return ["revision \(last.revision) is gone with all others"]
    }
    var complaints = evidence.acknowledged.filter { store.revisions[$0.revision] != $0.manifest }.map {
      "revision \($0.revision) is not what was acknowledged: \(store.revisions[$0.revision] ?? "nothing")"
    }
    if application.revision < last.revision {
      complaints.append("revision \(application.revision) holds, \(last.revision) was acknowledged")
    }
    return complaints
  }

  /// A death may end a group with several killed at the same time: then the first is the culprit and named.
  var namelessDeaths: [String] {
    guard let store = evidence.store else { return [] }
    let deaths = store.events.filter { ["RankDied", "IngressDied"].contains($0.reason) }
    return evidence.kills.filter { kill in
      !deaths.contains {
        $0.replica == kill.replica && ["epoch", "life"].contains(where: isNamed(kill.epoch, in: $0.message))
          && ($0.message.contains("SIGKILL") || $0.message.contains("status unknown"))
      }
    }.map { "no event tells of the end of \($0.replica) in epoch \($0.epoch)" }
  }

  private func isNamed(_ epoch: Int, in message: String) -> (String) -> Bool {
    { word in (message + ";").contains("\(word) \(epoch);") }
  }

  var illegalTransitions: [String] {
    guard let store = evidence.store else { return [] }
    var walk = RecordWalk()
    return store.events.compactMap { walk.complaint(about: $0) }
  }
}

/// Follows events from one to the next.
///
/// A crash may lose the last events before it, so after `Adopted` a walk may go on anywhere.
private struct RecordWalk {
  private var sequence = 0
  private var status: [String: String] = [:]
  private var epochs: [String: Int] = [:]

  private static let edges: [String: Set<String>] = [
    "UPDATING": ["HEALTHY", "DEPLOY_FAILED", "UPDATING"],
    "HEALTHY": ["UPDATING", "UPSCALING", "DOWNSCALING", "UNHEALTHY"],
    "UPSCALING": ["HEALTHY", "UNHEALTHY", "UPDATING", "DOWNSCALING", "UPSCALING"],
    "DOWNSCALING": ["HEALTHY", "UNHEALTHY", "UPDATING", "UPSCALING", "DOWNSCALING"],
    "UNHEALTHY": ["HEALTHY", "UPDATING", "UNHEALTHY"],
    "DEPLOY_FAILED": ["HEALTHY", "UPDATING", "DEPLOY_FAILED"],
  ]

  mutating func complaint(about event: StoreView.Event) -> String? {
    defer { sequence = event.sequence }
    guard event.sequence > sequence else { return "event \(event.sequence) follows \(sequence)" }
    switch event.reason {
    case "Adopted", "Deleted": status = [:]
    case "StatusChanged": return changed(event)
    case "GroupStarting": return started(event)
    default: break
    }
    if event.reason == "Deleted" { epochs = [:] }
    return nil
  }

  /// `HEALTHY → UPDATING (CONFIG_UPDATE_STARTED)`.
  private mutating func changed(_ event: StoreView.Event) -> String? {
    let words = event.message.split(separator: " ").map(String.init)
    guard words.count >= 3 else { return "`\(event.message)` is no transition" }
    let (from, to) = (words[0], words[2])
    let before = status.updateValue(to, forKey: event.replica)
    // An operator's wish moves a status too, which the event of the wish tells.
    if let before, before != from, Self.edges[before]?.contains(from) != true {
      return "\(event.replica) was \(before), then moved from \(from)"
    }
    return Self.edges[from]?.contains(to) == true ? nil : "\(event.replica) moved from \(from) to \(to)"
  }

  /// `group 0 starts 2 ranks, epoch 3`: an epoch is never used twice.
  private mutating func started(_ event: StoreView.Event) -> String? {
    guard let epoch = event.message.split(separator: " ").last.flatMap({ Int($0) }) else { return nil }
    let before = epochs.updateValue(epoch, forKey: event.replica) ?? 0
    return epoch > before ? nil : "\(event.replica) began epoch \(epoch) after \(before)"
  }
}

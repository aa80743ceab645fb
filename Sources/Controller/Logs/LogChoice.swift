import ControlAPI
import Deployment

/// Which files, and which of their lines, a ``LogQuery`` asks for.
struct LogChoice {
  private let query: LogQuery

  init(_ query: LogQuery) { self.query = query }

  /// So many of the last lines of each file are told.
  ///
  /// Who chooses by text or time wants all of those that are looked at.
  var tail: Int { query.tail ?? (query.text == nil && query.since == nil ? 100 : .max) }

  /// The files to read, in the order in which they are given.
  func files(among all: [LogFile]) -> [LogFile] {
    let owned = all.filter { isChosen($0.owner) }
    if let epoch = query.epoch { return owned.filter { $0.epoch == epoch } }
    let lives = Dictionary(grouping: owned, by: \.owner).mapValues { files in
      files.map { $0.epoch ?? 0 }.sorted(by: >)
    }
    if query.isPrevious {
      return owned.filter { $0.epoch != nil && $0.epoch == lives[$0.owner]?.dropFirst().first }
    }
    guard query.cursor == nil else { return owned }
    return owned.filter { ($0.epoch ?? 0) == lives[$0.owner]?.first }
  }

  /// Whether a line is wanted; one whose time nobody knows is.
  func accepts(_ line: LogLine) -> Bool {
    if let text = query.text, !line.text.contains(text) { return false }
    if let since = query.since, let time = line.time, time < since { return false }
    return true
  }

  private func isChosen(_ owner: ReplicaName) -> Bool {
    if let replica = query.replica, owner.description != replica { return false }
    switch owner {
    case .rank(let group, let rank):
      return (query.group ?? group) == group && (query.rank ?? rank) == rank
    case .ingress, .front: return query.group == nil && query.rank == nil
    }
  }
}

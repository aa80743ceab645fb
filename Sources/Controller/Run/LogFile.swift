import Deployment

/// A log by its name: `0-3.e7.log` of a rank's life, `ingress-2.log` and `front-0.log` of all lives of a replica.
struct LogFile {
  let name: String
  /// The replica.
  let owner: ReplicaName
  /// The life; nil where all share the file.
  let epoch: Int?

  /// Reads a name; nil when it is no log's.
  init?(_ name: String) {
    guard name.hasSuffix(".log") else { return nil }
    self.name = name
    let stem = name.dropLast(4)
    if stem.hasPrefix("ingress-") || stem.hasPrefix("front-") {
      guard let owner = ReplicaName(String(stem)) else { return nil }
      (self.owner, epoch) = (owner, nil)
      return
    }
    let parts = stem.split(whereSeparator: { $0 == "-" || $0 == "." })
    guard parts.count == 3, let group = Int(parts[0]), let rank = Int(parts[1]), parts[2].hasPrefix("e"),
      let life = Int(parts[2].dropFirst())
    else { return nil }
    (owner, epoch) = (.rank(group: group, rank: rank), life)
  }

  /// The replica's id.
  var replica: String { owner.description }
}

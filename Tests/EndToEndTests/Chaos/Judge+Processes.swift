import Platform

/// What processes tell.
extension Judge {
  var duplicates: [String] {
    evidence.scans.flatMap { scan in
      Dictionary(grouping: scan.leaders, by: \.place).filter { $0.value.count > 1 }.map {
        "\($0.key) has the processes \($0.value.map(\.pid).sorted())"
      }
    }.unique
  }

  var leftovers: [String] {
    guard let scan = evidence.afterDelete, !scan.isEmpty else { return [] }
    return ["\(scan.leaders.map(\.place)) and \(scan.others.count) descendants are left"]
  }

  /// All ranks of a group hold the segment of one life, and were started with the settings of one revision.
  var mixtures: [String] {
    evidence.scans.flatMap { scan in
      Dictionary(grouping: scan.ranks, by: \.group).compactMap { group, ranks in
        let lives = Set(ranks.map(\.segment))
        let settings = Set(ranks.map(\.settings))
        guard lives.count > 1 || settings.count > 1 else { return nil }
        return
          "group \(group) has ranks of the lives \(lives.sorted()) with the settings \(settings.sorted())"
      }
    }.unique
  }

  var excess: [String] {
    var lives: [String: Set<Int32>] = [:]
    for scan in evidence.scans { for rank in scan.ranks { lives[rank.place, default: []].insert(rank.pid) } }
    var complaints = lives.filter { $0.value.count > evidence.mostLives }.map {
      "\($0.key) had \($0.value.count) lives"
    }
    if let use = evidence.controller {
      if use.idleCPU > 0.05 { complaints.append("an idle controller takes \(use.idleCPU) of a processor") }
      if use.residentBytes > 200 << 20 {
        complaints.append("the controller holds \(use.residentBytes) bytes")
      }
    }
    return complaints
  }

  var leaks: [String] {
    guard let use = evidence.controller else { return [] }
    // Clients of its API come and go.
    let growth = use.descriptors.after - use.descriptors.before
    return (growth > 8 ? ["the controller has \(growth) descriptors more than before"] : [])
      + (use.zombies > 0 ? ["\(use.zombies) zombies are the controller's"] : [])
  }
}

extension [String] {
  /// Each once, in order.
  var unique: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}

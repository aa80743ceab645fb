// The algorithm of EPLB (DeepSeek-AI 2025, "Expert Parallelism Load Balancer"), without its hierarchy of nodes: give
// the experts with the most load per copy further copies, then pack all copies onto ranks with equal room.
//
// Pure, and decided by whole numbers or the same floating-point operations in the same order: ranks that know the same
// loads come to the same map without a word.
extension ExpertMap {
  /// The map that evens out `loads`, the tokens of each expert, with `slots` copies on `members`.
  static func balanced(_ loads: [UInt64], slots: Int, members: [Int], world: Int) -> ExpertMap {
    let counts = copyCounts(loads, slots: slots, most: members.count)
    return ExpertMap(pack(loads, counts, members: members), world: world)
  }

  /// How many copies each expert gets: one, and one more for the one with the most load per copy until all slots are
  /// taken; never more than `most`, one a rank.
  static func copyCounts(_ loads: [UInt64], slots: Int, most: Int) -> [Int] {
    var counts = Array(repeating: 1, count: loads.count)
    for _ in loads.count..<max(loads.count, min(slots, loads.count * most)) {
      var busiest: Int?
      for expert in loads.indices where counts[expert] < most {
        guard let best = busiest else {
          busiest = expert
          continue
        }
        // load / copies compared without a division.
        if loads[expert] * UInt64(counts[best]) > loads[best] * UInt64(counts[expert]) { busiest = expert }
      }
      guard let busiest else { break }
      counts[busiest] += 1
    }
    return counts
  }

  /// The ranks of each expert's copies: the heaviest copy first, each to the least loaded rank with room, and to one
  /// that has no copy of that expert if there is any.
  static func pack(_ loads: [UInt64], _ counts: [Int], members: [Int]) -> [[Int]] {
    let weights = zip(loads, counts).map { Double($0) / Double($1) }
    let order = loads.indices.sorted { (weights[$0], $1) > (weights[$1], $0) }
    let room = (counts.reduce(0, +) + members.count - 1) / members.count
    var copies = Array(repeating: [Int](), count: loads.count)
    var sums = members.map { _ in 0.0 }
    var filled = members.map { _ in 0 }
    for expert in order {
      for _ in 0..<counts[expert] {
        let key = { (place: Int) in
          (copies[expert].contains(members[place]) ? 1 : 0, sums[place], filled[place], place)
        }
        let free = members.indices.filter { filled[$0] < room }
        let place = free.min { key($0) < key($1) } ?? 0
        copies[expert].append(members[place])
        sums[place] += weights[expert]
        filled[place] += 1
      }
    }
    return copies
  }
}

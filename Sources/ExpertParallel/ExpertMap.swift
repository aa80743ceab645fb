/// Who computes what in one layer: the ranks of each expert's copies.
///
/// A copy costs nothing but this entry, for all ranks read the same weights. Each (token, expert) pair is computed by
/// one copy, which source and owner find by the same rule, so that copies share an expert's tokens evenly.
struct ExpertMap: Sendable, Hashable {
  /// Ranks of the copies, expert by expert; a rank that has two copies stands there twice and gets two shares.
  let ranks: [Int]
  /// Where the copies of each expert begin in ``ranks``, and the end of the last.
  let first: [Int]
  /// The experts that each rank has a copy of, ascending.
  let expertsOfRank: [[Int]]

  /// A map with the given ranks for each expert, at least one each.
  init(_ copies: [[Int]], world: Int) {
    precondition(copies.allSatisfy { !$0.isEmpty && $0.allSatisfy((0..<world).contains) })
    ranks = copies.flatMap(\.self)
    first = copies.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    var experts = Array(repeating: [Int](), count: world)
    for (expert, ranks) in copies.enumerated() {
      for rank in Set(ranks) { experts[rank].append(expert) }
    }
    expertsOfRank = experts
  }

  /// A group's first map: its placement, and second copies of the first experts where there is most room.
  ///
  /// Which experts deserve copies is known only once there is a load.
  init(_ placement: ExpertPlacement, redundant: Int, members: [Int]) {
    var copies = placement.owners.map { [$0] }
    var counts = placement.expertsOfRank.map(\.count)
    for copy in 0..<min(redundant, copies.count * (members.count - 1)) {
      let expert = copy % copies.count
      let free = members.filter { !copies[expert].contains($0) }
      guard let rank = free.min(by: { (counts[$0], $0) < (counts[$1], $1) }) else { continue }
      copies[expert].append(rank)
      counts[rank] += 1
    }
    self.init(copies, world: placement.expertsOfRank.count)
  }

  /// Experts of the layer.
  var experts: Int { first.count - 1 }

  /// The rank whose copy of `expert` computes the `token`th token of a dispatch, in the given turn.
  func owner(of expert: Int, token: Int, turn: Int) -> Int {
    let begin = first[expert]
    let count = first[expert + 1] - begin
    return ranks[count == 1 ? begin : begin + (token + turn) % count]
  }

  /// Where a source begins to deal its tokens out, in one exchange: not all begin with the first copy, nor one always
  /// with the same, for many sources have but a few tokens.
  static func turn(of source: Int, _ stamp: ExchangeStamp) -> Int {
    source &+ Int(truncatingIfNeeded: stamp.step & 0xFFFF_FFFF) &+ Int(stamp.chunk)
  }

  /// The ranks of the copies of `expert`.
  func copies(of expert: Int) -> ArraySlice<Int> { ranks[first[expert]..<first[expert + 1]] }

  /// Experts that a rank has here and not in `other`, over all ranks.
  func moves(from other: ExpertMap) -> Int {
    zip(expertsOfRank, other.expertsOfRank).reduce(0) { $0 + Set($1.0).subtracting($1.1).count }
  }

  /// Mean over max of the load of `members` when the experts have the given loads; nil without any load.
  func balancedness(_ loads: some RandomAccessCollection<UInt64>, members: [Int]) -> Double? {
    var sums = Array(repeating: 0.0, count: expertsOfRank.count)
    for (expert, load) in loads.enumerated() {
      let copies = copies(of: expert)
      for rank in copies { sums[rank] += Double(load) / Double(copies.count) }
    }
    guard let most = sums.max(), most > 0 else { return nil }
    return sums.reduce(0, +) / Double(members.count) / most
  }
}

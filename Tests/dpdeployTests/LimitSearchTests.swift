import Randomness
import Testing

@testable import dpdeploy

@Suite struct `The search for a limit` {
  /// Runs it against a level up to which everything holds; gives the levels in the order of the tries.
  private func tries(_ search: inout LimitSearch, limit: Int) -> [Int] {
    var levels: [Int] = []
    while let level = search.next, levels.count < 100 {
      levels.append(level)
      search.take(level, holds: level <= limit)
    }
    return levels
  }

  @Test func `finds every limit to a sixteenth, in few tries, each of another level of the range`() {
    var generator = SplitMix(seed: 42)
    for _ in 0..<20_000 {
      let low = Int.random(in: 1...8, using: &generator)
      let range = low...Int.random(in: low...4096, using: &generator)
      let limit = Int.random(in: (low - 1)...5000, using: &generator)
      var search = LimitSearch(range, from: Int.random(in: 1...5000, using: &generator))
      let levels = tries(&search, limit: limit)
      let story = "limit \(limit) in \(range): \(levels)"
      #expect(levels.allSatisfy(range.contains) && Set(levels).count == levels.count, "\(story)")
      #expect(levels.count <= 20, "\(story)")
      let reachable = min(limit, range.upperBound)
      guard reachable >= range.lowerBound else {
        #expect(search.held == nil && search.failed == range.lowerBound, "\(story)")
        continue
      }
      let held = search.held ?? 0
      #expect(held <= reachable && reachable - held <= max(0, held / 16), "\(story)")
    }
  }

  @Test func `doubles, and then bisects`() {
    var search = LimitSearch(1...256, from: 1)
    #expect(tries(&search, limit: 11) == [1, 2, 4, 8, 16, 12, 10, 11])
    #expect(search.held == 11 && search.failed == 12)
  }

  @Test func `goes down where its start is too high already`() {
    var search = LimitSearch(1...256, from: 64)
    #expect(tries(&search, limit: 5) == [64, 32, 16, 8, 4, 6, 5])
  }

  @Test func `stops at the first failure where it shall not refine`() {
    var search = LimitSearch(1...256, from: 4, refines: false)
    #expect(tries(&search, limit: 11) == [4, 8, 16] && search.held == 8)
  }
}

import Randomness
import Routing
import Testing

@Suite struct `A fair queue` {
  private func drained(_ queue: FairQueue<String>) -> [String] {
    var queue = queue
    var order: [String] = []
    while let entry = queue.popFirst() { order.append(entry.element) }
    return order
  }

  @Test func `serves one caller first come, first served`() {
    var queue = FairQueue<String>()
    for (index, name) in ["a", "b", "c"].enumerated() { _ = queue.add(name, arrival: UInt64(index)) }
    _ = queue.add("retry", arrival: 1)
    #expect(queue.count == 4 && drained(queue) == ["a", "b", "retry", "c"])
  }

  @Test func `gives callers turns, whatever they have sent`() {
    var queue = FairQueue<String>()
    for index in 0..<6 { _ = queue.add("x\(index)", caller: "x", arrival: UInt64(index)) }
    for index in 0..<2 { _ = queue.add("y\(index)", caller: "y", arrival: UInt64(10 + index)) }
    #expect(drained(queue) == ["x0", "y0", "x1", "y1", "x2", "x3", "x4", "x5"])
  }

  @Test func `owes nothing to a caller for its absence`() {
    var queue = FairQueue<String>()
    for index in 0..<10 { _ = queue.add("x", caller: "x", arrival: UInt64(index)) }
    for _ in 0..<8 { _ = queue.popFirst() }
    for index in 0..<3 { _ = queue.add("y", caller: "y", arrival: UInt64(20 + index)) }
    #expect(drained(queue) == ["y", "x", "y", "x", "y"])
  }

  @Test func `lets a lower number go first, and forgets who leaves`() {
    var queue = FairQueue<String>()
    _ = queue.add("later", priority: 5, arrival: 0)
    let gone = queue.add("gone", priority: -1, caller: "x", arrival: 1)
    _ = queue.add("now", priority: -1, arrival: 2)
    queue.remove(gone, priority: -1, caller: "x")
    queue.remove(gone, priority: -1, caller: "x")
    #expect(queue.count == 2 && queue.first?.element == "now" && drained(queue) == ["now", "later"])
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `loses nobody and keeps priority and order, whatever happens`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var queue = FairQueue<Int>()
    var waiting: [Int: (id: Int, caller: String, priority: Int)] = [:]
    for step in 0..<4000 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0...2:
        let caller = ["a", "b", "c"].randomElement(using: &random) ?? "a"
        let priority = Int.random(in: 0...2, using: &random)
        let id = queue.add(step, priority: priority, caller: caller, arrival: UInt64(step))
        waiting[step] = (id, caller, priority)
      case 3:
        guard let entry = queue.popFirst() else { continue }
        let lowest = waiting.values.map(\.priority).min()
        #expect(waiting[entry.element] != nil && entry.priority == lowest, "seed \(seed), step \(step)")
        let mine = waiting.filter { $0.value.caller == entry.caller && $0.value.priority == entry.priority }
        #expect(mine.keys.min() == entry.element, "seed \(seed), step \(step)")
        waiting[entry.element] = nil
      default:
        guard let key = waiting.keys.randomElement(using: &random), let one = waiting[key] else { continue }
        queue.remove(one.id, priority: one.priority, caller: one.caller)
        waiting[key] = nil
      }
      #expect(queue.count == waiting.count, "seed \(seed), step \(step)")
    }
  }
}

/// Sequences without blocks, by rank; a preempted one returns to its place.
struct WaitingQueue: Sendable {
  // Popping moves `head`; the dead prefix is cut off when it outgrows the rest, so every operation is O(1) amortised.
  private var storage: [LiveSequence?] = []
  private var head = 0

  var count: Int { storage.count - head }
  var isEmpty: Bool { count == 0 }
  var first: LiveSequence? { isEmpty ? nil : storage[head] }

  /// Puts a sequence in its place: at the end for a new one under fcfs, at the front for a preempted one.
  mutating func insert(_ sequence: LiveSequence) {
    let place = place(for: sequence.rank)
    guard place == head, !isEmpty else { return storage.insert(sequence, at: place) }
    if head == 0 {
      let room = storage.count + 1
      storage.insert(contentsOf: repeatElement(nil, count: room), at: 0)
      head = room
    }
    head -= 1
    storage[head] = sequence
  }

  /// Where the first sequence of a greater rank stands; ranks rise along the queue.
  private func place(for rank: ServiceRank) -> Int {
    var low = head
    var high = storage.count
    while low < high {
      let middle = low + (high - low) / 2
      if let there = storage[middle], there.rank < rank { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func popFirst() -> LiveSequence? {
    guard !isEmpty else { return nil }
    let sequence = storage[head].take()
    head += 1
    if head > storage.count - head {
      storage.removeFirst(head)
      head = 0
    }
    return sequence
  }

  mutating func remove(_ id: RequestID) -> LiveSequence? {
    guard let index = storage[head...].firstIndex(where: { $0?.id == id }) else { return nil }
    return storage.remove(at: index)
  }
}

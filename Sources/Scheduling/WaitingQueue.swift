/// Sequences without blocks, first come first served; a preempted one returns to the front.
struct WaitingQueue: Sendable {
  // Popping moves `head`; the dead prefix is cut off when it outgrows the rest, so every operation is O(1) amortised.
  private var storage: [LiveSequence?] = []
  private var head = 0

  var count: Int { storage.count - head }
  var isEmpty: Bool { count == 0 }
  var first: LiveSequence? { isEmpty ? nil : storage[head] }

  mutating func append(_ sequence: LiveSequence) { storage.append(sequence) }

  mutating func prepend(_ sequence: LiveSequence) {
    if head == 0 {
      let room = storage.count + 1
      storage.insert(contentsOf: repeatElement(nil, count: room), at: 0)
      head = room
    }
    head -= 1
    storage[head] = sequence
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

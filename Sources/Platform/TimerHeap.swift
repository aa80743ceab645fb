/// Pending timers, earliest first.
///
/// A timer that is moved to a later time keeps its old entry, which on firing is put back: so pushing an idle
/// deadline forward with every byte costs nothing.
struct TimerHeap {
  struct Entry {
    let instant: Instant
    let timer: LoopTimer
  }

  private var entries: [Entry] = []

  mutating func add(_ timer: LoopTimer, at instant: Instant) {
    entries.append(Entry(instant: instant, timer: timer))
    siftUp(from: entries.count - 1)
  }

  /// Removes and returns what is due, earliest first.
  mutating func takeDue(at now: Instant) -> [Entry] {
    var due: [Entry] = []
    while let first = entries.first, first.instant <= now {
      due.append(first)
      removeFirst()
    }
    return due
  }

  /// Milliseconds until the next entry, rounded up; -1 when there is none.
  func millisecondsToNext(from now: Instant) -> Int32 {
    guard let first = entries.first else { return -1 }
    let nanoseconds = first.instant > now ? first.instant.nanoseconds - now.nanoseconds : 0
    return Int32(min((nanoseconds + 999_999) / 1_000_000, 60_000))
  }

  private mutating func removeFirst() {
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    siftDown(from: 0)
  }

  private mutating func siftUp(from index: Int) {
    var child = index
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].instant < entries[parent].instant else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(from index: Int) {
    var parent = index
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
        if entries[child].instant < entries[smallest].instant { smallest = child }
      }
      guard smallest != parent else { return }
      entries.swapAt(smallest, parent)
      parent = smallest
    }
  }
}

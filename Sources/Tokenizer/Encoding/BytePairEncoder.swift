/// Merges the symbols of one word to tokens: always the pair of lowest rank, the leftmost of equals.
///
/// Neighbours are kept as a linked list and candidate pairs in a heap, so a word of n symbols costs n log n.
struct BytePairEncoder: Sendable {
  let symbols: SymbolTable
  let merges: MergeTable

  private struct Part {
    var id: Int32
    var previous: Int
    var next: Int
  }

  private struct Candidate: Comparable {
    let rank: Int32
    let position: Int
    /// The halves when the candidate was made; it is stale once one of them has changed.
    let left: Int32
    let right: Int32
    let merged: Int32

    static func < (a: Candidate, b: Candidate) -> Bool { (a.rank, a.position) < (b.rank, b.position) }
  }

  private static let removed: Int32 = -1

  /// The tokens of `word`.
  func encode(_ word: [UInt8]) -> [Int32] {
    var parts = symbols.symbols(of: word).enumerated().map { index, symbol in
      Part(id: symbol, previous: index - 1, next: index + 1)
    }
    guard parts.count > 1 else { return parts.map(\.id) }
    var heap = BinaryHeap<Candidate>()
    for index in 0..<parts.count - 1 { push(pairAt: index, of: parts, onto: &heap) }
    while let candidate = heap.popMinimum() { merge(candidate, in: &parts, heap: &heap) }
    return parts.lazy.map(\.id).filter { $0 != Self.removed }
  }

  private func push(pairAt index: Int, of parts: [Part], onto heap: inout BinaryHeap<Candidate>) {
    guard index >= 0, parts[index].next < parts.count else { return }
    let (left, right) = (parts[index].id, parts[parts[index].next].id)
    guard let merge = merges[left, right] else { return }
    heap.push(Candidate(rank: merge.rank, position: index, left: left, right: right, merged: merge.id))
  }

  private func merge(_ candidate: Candidate, in parts: inout [Part], heap: inout BinaryHeap<Candidate>) {
    let index = candidate.position
    let next = parts[index].next
    guard parts[index].id == candidate.left, next < parts.count, parts[next].id == candidate.right else {
      return
    }
    parts[index].id = candidate.merged
    parts[index].next = parts[next].next
    parts[next].id = Self.removed
    if parts[index].next < parts.count { parts[parts[index].next].previous = index }
    push(pairAt: parts[index].previous, of: parts, onto: &heap)
    push(pairAt: index, of: parts, onto: &heap)
  }
}

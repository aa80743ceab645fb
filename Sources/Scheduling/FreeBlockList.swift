/// The unused blocks in the order they were freed: a doubly linked list inside two arrays.
///
/// Taking the oldest, adding one and removing any are O(1), which is what an LRU of reusable blocks needs.
struct FreeBlockList: Sendable {
  private(set) var count: Int
  // Position `blockCount` is the sentinel that closes the ring; a block outside the list links to itself.
  private var next: [Int32]
  private var previous: [Int32]
  private let sentinel: Int32

  init(blockCount: Int) {
    count = blockCount
    sentinel = Int32(blockCount)
    next = (0...blockCount).map { Int32(($0 + 1) % (blockCount + 1)) }
    previous = (0...blockCount).map { Int32(($0 + blockCount) % (blockCount + 1)) }
  }

  func contains(_ block: Int32) -> Bool { next[Int(block)] != block }

  /// Takes the block that has been free for longest; nil when none is.
  mutating func popOldest() -> Int32? {
    let block = next[Int(sentinel)]
    guard block != sentinel else { return nil }
    remove(block)
    return block
  }

  mutating func append(_ block: Int32) {
    precondition(!contains(block), "block \(block) is freed twice")
    let last = previous[Int(sentinel)]
    next[Int(last)] = block
    previous[Int(block)] = last
    next[Int(block)] = sentinel
    previous[Int(sentinel)] = block
    count += 1
  }

  mutating func remove(_ block: Int32) {
    precondition(contains(block), "block \(block) is not free")
    let before = previous[Int(block)]
    let after = next[Int(block)]
    next[Int(before)] = after
    previous[Int(after)] = before
    next[Int(block)] = block
    previous[Int(block)] = block
    count -= 1
  }
}

/// The KV cache's blocks: who holds them, which are free, and what the free ones still remember.
///
/// A freed block keeps its contents until it is taken again, oldest first, so an equal prefix can have it back
/// (vLLM V1's block pool). Blocks are counted: a shared prefix is held by every sequence that uses it.
public struct BlockPool: Sendable {
  /// All blocks, free or not.
  public let blockCount: Int
  private var references: [Int32]
  private var free: FreeBlockList
  private var prefixes = PrefixIndex()
  /// Remembered blocks that were overwritten since the start.
  public private(set) var evictions: UInt64 = 0

  /// A pool of `blockCount` free blocks, numbered from 0.
  public init(blockCount: Int) {
    precondition(blockCount > 0)
    self.blockCount = blockCount
    references = Array(repeating: 0, count: blockCount)
    free = FreeBlockList(blockCount: blockCount)
  }

  /// Blocks that nobody holds.
  public var freeCount: Int { free.count }

  /// Blocks that somebody holds.
  public var usedCount: Int { blockCount - free.count }

  /// How many hold `block`.
  public func holders(of block: Int32) -> Int { Int(references[Int(block)]) }

  /// Appends `count` blocks to `table`, or changes nothing and returns false when fewer are free.
  public mutating func allocate(_ count: Int, into table: inout [Int32]) -> Bool {
    guard count <= free.count else { return false }
    for _ in 0..<max(0, count) {
      guard let block = free.popOldest() else { return false }
      if prefixes.evict(block) { evictions += 1 }
      references[Int(block)] = 1
      table.append(block)
    }
    return true
  }

  /// Adds a holder to a cached `block`, taking it from the free list if nobody held it.
  mutating func share(_ block: Int32) {
    if references[Int(block)] == 0 { free.remove(block) }
    references[Int(block)] += 1
  }

  /// Lets go of a sequence's blocks and empties `table`.
  ///
  /// Last block first: a prefix's tail is worth less than its head, so it is the first to be taken again.
  public mutating func release(_ table: inout [Int32]) {
    for block in table.reversed() {
      precondition(references[Int(block)] > 0, "block \(block) is released twice")
      references[Int(block)] -= 1
      if references[Int(block)] == 0 { free.append(block) }
    }
    table.removeAll()
  }
}

// Prefix caching.
extension BlockPool {
  /// Blocks whose contents can be found again.
  var cachedCount: Int { prefixes.count }

  /// Remembers that `block` holds `tokens` after `parent`, and returns the new position.
  mutating func remember(
    _ block: Int32, tokens: ArraySlice<Int32>, after parent: PrefixNode, scope: PrefixScope
  ) -> PrefixNode {
    prefixes.insert(block, tokens: tokens, after: parent, scope: scope)
  }

  /// The block that holds `tokens` after `parent`, whether or not somebody uses it now.
  func find(
    _ tokens: ArraySlice<Int32>, after parent: PrefixNode, scope: PrefixScope
  ) -> (block: Int32, node: PrefixNode)? {
    prefixes.find(tokens, after: parent, scope: scope)
  }
}

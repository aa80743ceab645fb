/// The position of a block in the tree of cached prefixes; equal positions mean equal tokens from the start.
///
/// A position is a serial number, not a hash: the key below names its parent's serial and its own tokens, so two
/// different prefixes can never be taken for one another.
struct PrefixNode: Hashable, Sendable {
  let serial: UInt64
  static let root = PrefixNode(serial: 0)
}

/// Finds the block that holds given tokens after a given prefix.
struct PrefixIndex: Sendable {
  private struct Key: Hashable {
    let parent: PrefixNode
    /// Nil below the first block: its parent's serial belongs to one scope already.
    let scope: PrefixScope?
    let tokens: [Int32]

    init(_ tokens: ArraySlice<Int32>, _ parent: PrefixNode, _ scope: PrefixScope) {
      self.parent = parent
      self.scope = parent == .root ? scope : nil
      self.tokens = Array(tokens)
    }
  }

  private struct Entry {
    let block: Int32
    let node: PrefixNode
  }

  private var entries: [Key: Entry] = [:]
  private var keys: [Int32: Key] = [:]
  private var lastSerial: UInt64 = 0

  var count: Int { entries.count }

  func find(
    _ tokens: ArraySlice<Int32>, after parent: PrefixNode, scope: PrefixScope
  ) -> (block: Int32, node: PrefixNode)? {
    entries[Key(tokens, parent, scope)].map { ($0.block, $0.node) }
  }

  /// Enters a full block and returns its position; an equal block entered before keeps its place.
  mutating func insert(
    _ block: Int32, tokens: ArraySlice<Int32>, after parent: PrefixNode, scope: PrefixScope
  ) -> PrefixNode {
    let key = Key(tokens, parent, scope)
    if let known = entries[key] { return known.node }
    lastSerial += 1
    let node = PrefixNode(serial: lastSerial)
    entries[key] = Entry(block: block, node: node)
    keys[block] = key
    return node
  }

  /// Forgets what `block` held, because it is about to be overwritten; false when nothing was remembered.
  mutating func evict(_ block: Int32) -> Bool {
    guard let key = keys.removeValue(forKey: block) else { return false }
    entries[key] = nil
    return true
  }
}

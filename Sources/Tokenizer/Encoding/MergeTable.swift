/// The merges of a byte-pair encoding, by the ids of the two halves.
struct MergeTable: Sendable {
  /// What two neighbours become.
  struct Merge: Sendable {
    /// The place in the list of merges; the lowest is applied first.
    let rank: Int32
    /// The id of the union.
    let id: Int32
  }

  private var merges: [UInt64: Merge] = [:]

  init(capacity: Int) { merges.reserveCapacity(capacity) }

  mutating func add(_ left: Int32, _ right: Int32, _ merge: Merge) {
    merges[Self.key(left, right)] = merge
  }

  subscript(left: Int32, right: Int32) -> Merge? { merges[Self.key(left, right)] }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}

/// Where things are in the shared segment: a control area that all ranks write, then one region per rank that only
/// that rank writes.
struct SegmentLayout: Sendable {
  static let pageSize = 4096
  static let lineSize = 256
  static let controlBytes = pageSize + lineSize * ExchangeShape.maxWorld

  /// In a rank's region, in bytes: two parities of what it dispatches, then what it returns.
  ///
  /// Two parities of the dispatch are needed, because a peer that got nothing to do may publish layer l+1 while others
  /// still read its layer l. They suffice: it publishes l+2 only after it has seen l+1 of all, which each publishes
  /// after it has read everybody's l. What an owner returns needs one: it writes l+1 only after all published l+1,
  /// which each source does after it has added up l.
  let publishHeader: Int
  let ids: Int
  let weights: Int
  let rows: Int
  let parityBytes: Int
  let returnHeader: Int
  let returnStarts: Int
  let returnRows: Int
  /// One half-batch's part of a region, and the whole of it.
  let halfBytes: Int
  let regionBytes: Int
  let segmentBytes: Int

  init(_ shape: ExchangeShape) {
    publishHeader = 0
    ids = 64
    weights = Self.line(ids + shape.chunk * shape.topK * 4)
    rows = Self.line(weights + shape.chunk * shape.topK * 4)
    parityBytes = Self.page(rows + shape.chunk * shape.hidden * 4)
    returnHeader = 2 * parityBytes
    returnStarts = returnHeader + 64
    returnRows = Self.page(returnStarts + shape.experts * shape.world * 4)
    halfBytes = Self.page(returnRows + shape.computedCapacity * shape.hidden * 4)
    regionBytes = shape.halves * halfBytes
    segmentBytes = Self.controlBytes + shape.world * regionBytes
  }

  func region(of rank: Int) -> Int { Self.controlBytes + rank * regionBytes }

  private static func line(_ bytes: Int) -> Int { (bytes + 63) & ~63 }
  private static func page(_ bytes: Int) -> Int { (bytes + pageSize - 1) & ~(pageSize - 1) }
}

import Platform

/// A rank's data of one half-batch in the segment: what it dispatches, and the rows it returns as an owner.
///
/// Only its own rank may write there (the others map it read-only), and before the flag in its ``RankLine``.
final class RankRegion {
  private let memory: MappedMemory
  private let layout: SegmentLayout
  private let shape: ExchangeShape
  private let base: UnsafeMutableRawPointer

  init(_ segment: borrowing SharedMemory, _ shape: ExchangeShape, rank: Int, half: Int, writable: Bool)
    throws(SystemError)
  {
    layout = SegmentLayout(shape)
    self.shape = shape
    memory = try segment.map(
      offset: layout.region(of: rank) + half * layout.halfBytes, byteCount: layout.halfBytes,
      writable: writable)
    guard let base = memory.bytes.baseAddress else { throw SystemError(call: "mmap", code: 0) }
    self.base = base
  }

  /// One parity's dispatched tokens.
  struct Dispatch {
    fileprivate let header: UnsafeMutableRawPointer
    /// `[chunk, topK]`, ascending within a token.
    let ids: UnsafeMutablePointer<Int32>
    /// `[chunk, topK]`.
    let weights: UnsafeMutablePointer<Float>
    /// `[chunk, hidden]`.
    let rows: UnsafeMutablePointer<Float>

    var stamp: ExchangeStamp { header.load(as: ExchangeStamp.self) }
    var rowCount: Int { Int(header.load(fromByteOffset: 32, as: UInt32.self)) }
    /// The ranks that own an expert of these tokens, one bit each.
    var owners: UInt64 { header.load(fromByteOffset: 40, as: UInt64.self) }

    /// When it was published, in nanoseconds of the machine's monotonic clock.
    var sent: UInt64 { header.load(fromByteOffset: 48, as: UInt64.self) }

    func seal(_ stamp: ExchangeStamp, rowCount: Int, owners: UInt64) {
      header.storeBytes(of: stamp, as: ExchangeStamp.self)
      header.storeBytes(of: UInt32(rowCount), toByteOffset: 32, as: UInt32.self)
      header.storeBytes(of: owners, toByteOffset: 40, as: UInt64.self)
      header.storeBytes(of: Instant.now.nanoseconds, toByteOffset: 48, as: UInt64.self)
    }
  }

  func dispatch(parity: Int) -> Dispatch {
    let start = base + parity * layout.parityBytes
    return Dispatch(
      header: start + layout.publishHeader,
      ids: (start + layout.ids).assumingMemoryBound(to: Int32.self),
      weights: (start + layout.weights).assumingMemoryBound(to: Float.self),
      rows: (start + layout.rows).assumingMemoryBound(to: Float.self))
  }

  var returnStamp: ExchangeStamp {
    get { (base + layout.returnHeader).load(as: ExchangeStamp.self) }
    set { (base + layout.returnHeader).storeBytes(of: newValue, as: ExchangeStamp.self) }
  }

  /// When the returned rows were complete, in nanoseconds of the machine's monotonic clock.
  var returnSent: UInt64 {
    get { (base + layout.returnHeader).load(fromByteOffset: 48, as: UInt64.self) }
    set { (base + layout.returnHeader).storeBytes(of: newValue, toByteOffset: 48, as: UInt64.self) }
  }

  /// `[experts, world]`: the returned row at which an expert's rows for a source begin.
  var returnStarts: UnsafeMutablePointer<UInt32> {
    (base + layout.returnStarts).assumingMemoryBound(to: UInt32.self)
  }

  /// `[computedCapacity, hidden]`: weighted expert outputs, by expert, then source, then token.
  var returnRows: UnsafeMutablePointer<Float> {
    (base + layout.returnRows).assumingMemoryBound(to: Float.self)
  }
}

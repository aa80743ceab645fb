import Synchronization

/// The first page of the segment: what the group is, whether it runs, and the bells.
struct ControlHeader {
  private let base: UnsafeMutableRawPointer
  static let magic: UInt64 = 0x6470_6570_2d73_6567
  static let version: UInt32 = 5

  init(_ base: UnsafeMutableRawPointer) { self.base = base }

  /// 1 once the header is complete.
  private var ready: UnsafeMutablePointer<Atomic<UInt32>> { base.word32(at: 12) }
  /// The life of the group that may use the segment.
  var epoch: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 16) }
  /// A digest of what else all ranks must have been told alike: who owns which expert at the start, and how experts move.
  private(set) var terms: UInt64 {
    get { base.load(fromByteOffset: 48, as: UInt64.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 48, as: UInt64.self) }
  }
  /// The latest wave that anybody asked for.
  var wave: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 64) }
  /// The ``ViewWord`` of the view in force.
  var view: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 256) }
  /// 1 once all ranks have met for the first time.
  private var formed: UnsafeMutablePointer<Atomic<UInt32>> { base.word32(at: 264) }
  /// Rings for a new wave and for everything that concerns paused ranks.
  var pauseBell: Bell { Bell(base + 128) }
  /// Rings when all ranks have reached a point.
  var stepBell: Bell { Bell(base + 192) }

  var isFormed: Bool { formed.pointee.load(ordering: .acquiring) == 1 }

  func form() { formed.pointee.store(1, ordering: .releasing) }

  /// Has the latest wave be at least `least`.
  func raiseWave(to least: UInt64) {
    var present = wave.pointee.load(ordering: .sequentiallyConsistent)
    while present < least {
      let (exchanged, original) = wave.pointee.compareExchange(
        expected: present, desired: least, ordering: .sequentiallyConsistent)
      if exchanged { return }
      present = original
    }
  }

  var isReady: Bool { ready.pointee.load(ordering: .acquiring) == 1 }

  func format(_ shape: ExchangeShape, epoch newEpoch: UInt64, terms newTerms: UInt64) {
    base.storeBytes(of: Self.magic, as: UInt64.self)
    base.storeBytes(of: Self.version, toByteOffset: 8, as: UInt32.self)
    epoch.pointee.store(newEpoch, ordering: .relaxed)
    let sizes = [
      shape.world, shape.hidden, shape.topK, shape.experts, shape.layers,
      shape.chunk | (shape.halves - 1) << 31,
    ]
    for (index, size) in sizes.enumerated() {
      base.storeBytes(of: UInt32(size), toByteOffset: 24 + 4 * index, as: UInt32.self)
    }
    base.storeBytes(of: UInt32(shape.founders), toByteOffset: 56, as: UInt32.self)
    terms = newTerms
    wave.pointee.store(1, ordering: .relaxed)
    view.pointee.store(ViewWord(view: 1, proposer: 0).raw, ordering: .relaxed)
    ready.pointee.store(1, ordering: .releasing)
    stepBell.ring()
  }

  /// The sizes in the header; throws when this is no segment of ours.
  func shape() throws(ExpertParallelError) -> ExchangeShape {
    guard base.load(as: UInt64.self) == Self.magic else { throw .unusableSegment("it is not one of ours") }
    let version = base.load(fromByteOffset: 8, as: UInt32.self)
    guard version == Self.version else {
      throw .unusableSegment("it has version \(version), this program needs \(Self.version)")
    }
    let sizes = (0..<6).map { Int(base.load(fromByteOffset: 24 + 4 * $0, as: UInt32.self)) }
    return try ExchangeShape(
      world: sizes[0], founders: Int(base.load(fromByteOffset: 56, as: UInt32.self)), hidden: sizes[1],
      topK: sizes[2], experts: sizes[3], layers: sizes[4],
      chunk: sizes[5] & 0x7FFF_FFFF,
      halves: 1 + sizes[5] >> 31)
  }
}

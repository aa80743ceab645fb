import Glibc
public import Platform
import Synchronization

/// A rank's hold on the group's shared segment; any thread may wake or stop the group's waits through it.
public final class GroupControl: @unchecked Sendable {
  // Sendable: everything behind the pointers is atomic, or written before a flag that is.

  /// The sizes of the group.
  public let shape: ExchangeShape
  /// The life of the group that this rank belongs to.
  public let epoch: UInt64
  /// This rank.
  public let rank: Int
  /// Who owns which expert at the start.
  public let placement: ExpertPlacement
  /// How experts move; nil when they stay.
  public let balancing: LoadBalancing?
  /// How rows travel.
  public let transport: Transport
  /// What this rank's experts computed.
  public let load: ExpertLoad
  /// How even the load is.
  public let balance: ExpertBalance

  let segment: SharedMemory
  let header: ControlHeader
  private let memory: MappedMemory
  private let base: UnsafeMutableRawPointer
  private let stopRequested = Atomic<Bool>(false)

  /// The least size of a segment that is handed to ranks; rank 0 makes it as large as the model needs.
  public static let initialSegmentBytes = SegmentLayout.controlBytes

  /// An empty segment for one life of a group, to be handed to its ranks by descriptor.
  public static func makeSegment() throws(ExpertParallelError) -> SharedMemory {
    try mapping { () throws(SystemError) in
      try SharedMemory(name: "dpdeploy-group", byteCount: initialSegmentBytes)
    }
  }

  /// Opens the group's segment: rank 0 formats it, the others wait until that is done.
  ///
  /// Throws when it belongs to another epoch or to a group of other sizes.
  ///
  /// - Parameter placement: Linear when nil. No rank may own more than ``ExchangeShape/ownedCapacity`` experts.
  public init(
    segment: consuming SharedMemory, rank: Int, shape: ExchangeShape, epoch: UInt64,
    placement: ExpertPlacement? = nil, balancing: LoadBalancing? = nil, transport: Transport = Transport(),
    until deadline: Instant
  ) throws(ExpertParallelError) {
    guard (0..<shape.world).contains(rank) else {
      throw .invalidShape("data_parallel_rank is \(rank), but must be below \(shape.world)")
    }
    let placement = placement ?? .initial(.linear, shape)
    guard placement.fits(shape) else {
      throw .invalidShape("the placement of experts does not fit \(shape)")
    }
    if let objection = balancing?.objection(to: shape) { throw .invalidShape(objection) }
    if let nodes = transport.links?.nodes.count, nodes != shape.world {
      throw .invalidShape("\(nodes) nodes are named for \(shape.world) ranks: name the node of each rank")
    }
    let size = try segment.size()
    guard size >= Self.initialSegmentBytes else {
      throw .unusableSegment("it has \(size) bytes, at least \(Self.initialSegmentBytes) are needed")
    }
    memory = try segment.mapControl()
    guard let base = memory.bytes.baseAddress else { throw .unusableSegment("it is empty") }
    header = ControlHeader(base)
    if rank == 0, !header.isReady {
      let raw = segment.descriptor.raw
      _ = try mapping { () throws(SystemError) in
        try checking("ftruncate", "group segment") { ftruncate(raw, shape.segmentBytes) }
      }
      let founders = Membership(view: 1, ranks: Array(0..<shape.founders))
      RankLine(base, rank: 0).proposal.pointee.store(founders.mask, ordering: .relaxed)
      header.format(shape, epoch: epoch, terms: placement.digest(with: balancing) ^ transport.digest)
    }
    self.base = base
    self.segment = segment
    self.shape = shape
    self.epoch = epoch
    self.rank = rank
    self.placement = placement
    self.balancing = balancing
    self.transport = transport
    balance = ExpertBalance(shape)
    load = ExpertLoad(shape, experts: placement.expertsOfRank[rank])
    try awaitFormat(until: deadline)
    try verify()
  }

  func line(_ rank: Int) -> RankLine { RankLine(base, rank: rank) }

  /// Begins the next wave if the group pauses or is about to; call it after the work was made visible.
  public func wake() {
    // Full fences on both sides: either the rank sees the work before it pauses, or this sees the wave it pauses after.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let current = line(rank).wave.pointee.load(ordering: .sequentiallyConsistent)
    _ = header.wave.pointee.compareExchange(
      expected: current, desired: current + 1, ordering: .sequentiallyConsistent)
    header.pauseBell.ring()
  }

  /// Ends this rank's present and future waits with ``ExpertParallelError/stopped(_:)``.
  public func requestStop() {
    stopRequested.store(true, ordering: .sequentiallyConsistent)
    ringAll()
  }

  /// Whether ``requestStop()`` was called.
  public var isStopRequested: Bool { stopRequested.load(ordering: .acquiring) }

  func ringAll() {
    header.pauseBell.ring()
    header.stepBell.ring()
    for peer in 0..<shape.world { line(peer).bell.ring() }
  }

  private func awaitFormat(until deadline: Instant) throws(ExpertParallelError) {
    let begin = Instant.now
    while !header.isReady {
      let seen = header.stepBell.announce()
      if header.isReady { return }
      guard !isStopRequested else { throw .stopped(.segment) }
      guard Instant.now < deadline else {
        throw .timedOut(rank: 0, phase: .segment, seconds: (Instant.now - begin).inSeconds)
      }
      header.stepBell.sleep(since: seen, until: min(deadline, .after(.milliseconds(100))))
    }
  }

  private func verify() throws(ExpertParallelError) {
    let found = try header.shape()
    guard found == shape else { throw .shapeMismatch(mine: shape, segment: found) }
    guard header.terms == placement.digest(with: balancing) ^ transport.digest else {
      throw .termsMismatch(rank: rank)
    }
    let foundEpoch = header.epoch.pointee.load(ordering: .acquiring)
    guard foundEpoch == epoch else { throw .epochMismatch(mine: epoch, segment: foundEpoch) }
    let size = try segment.size()
    guard size >= shape.segmentBytes else {
      throw .unusableSegment("it has \(size) bytes, \(shape.segmentBytes) are needed")
    }
  }
}

extension SharedMemory {
  fileprivate borrowing func size() throws(ExpertParallelError) -> Int {
    do { return try byteCount() } catch { throw .system(error) }
  }

  fileprivate borrowing func mapControl() throws(ExpertParallelError) -> MappedMemory {
    do { return try map(byteCount: SegmentLayout.controlBytes) } catch { throw .system(error) }
  }
}

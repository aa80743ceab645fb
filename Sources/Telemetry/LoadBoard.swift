import Glibc
import Synchronization

/// What a rank has to do, as the load board tells it.
public struct BoardLoad: Equatable, Sendable {
  /// Requests in flight.
  public var requests: Int
  /// Tokens that they hold.
  public var tokens: Int

  /// A load.
  public init(requests: Int = 0, tokens: Int = 0) {
    self.requests = requests
    self.tokens = tokens
  }
}

/// The in-flight load of every rank by every ingress replica, and what the replicas tell each other, in one shared
/// segment.
///
/// Each replica has a row of its own, a whole number of cache lines: one line about itself (``BoardPresence``,
/// ``BoardQueue``), a word for each caller with a limit, then a word for each rank slot: requests and tokens as two 32-bit halves, stored as one, so that a reader never sees half an
/// update. A replica writes only its row, sums all of them to choose a rank, and the controller clears the row of one
/// that died. So a limit over all replicas outlives any of them.
public final class LoadBoard: Sendable {
  /// The rows, one per ingress replica.
  public let replicas: Int
  /// The words of a row, one per rank slot.
  public let slots: Int
  private let mapping: StatsMapping
  private let rowWords: Int

  /// Callers whose requests can be counted.
  public static let callerSlots = 64
  /// The words of a row before its slots: one cache line about the replica, then a word for each caller.
  private static let headWords = 8 + callerSlots

  /// Slots of a row are rounded up to whole cache lines of eight.
  private static func rowWords(_ slots: Int) -> Int { headWords + max(1, (slots + 7) / 8) * 8 }

  /// The size of the segment for so many replicas and rank slots.
  public static func byteCount(replicas: Int, slots: Int) -> Int { replicas * rowWords(slots) * 8 }

  /// The path of the doorbell at which `replica` is told that the board has changed for it, in the folder of the
  /// deployment's sockets.
  public static func bellPath(in folder: String, replica: Int) -> String { "\(folder)/i\(replica).bell" }

  /// Maps the board behind `fd`, which stays the caller's; its size says how many slots there are.
  ///
  /// - Throws: when the segment is not a whole number of rows.
  public init(fd: Int32, replicas: Int) throws(StatsPageError) {
    var status = stat()
    guard fstat(fd, &status) == 0 else { throw .system("fstat", "load board") }
    let size = Int(status.st_size)
    guard replicas > 0, size.isMultiple(of: replicas * 64), size / replicas > Self.headWords * 8 else {
      throw StatsPageError(
        path: "load board", problem: "\(size) bytes are no rows for \(replicas) ingress replicas")
    }
    self.replicas = replicas
    rowWords = size / replicas / 8
    slots = rowWords - Self.headWords
    mapping = try StatsMapping(fd, byteCount: size, writable: true, path: "load board")
  }

  /// Publishes what `replica` has in flight at the rank of `slot`.
  public func set(_ load: BoardLoad, replica: Int, slot: Int) {
    let requests = UInt64(UInt32(clamping: load.requests))
    mapping.store(requests << 32 | UInt64(UInt32(clamping: load.tokens)), index(replica, slot))
  }

  /// What `replica` has in flight at the rank of `slot`.
  public func load(replica: Int, slot: Int) -> BoardLoad {
    let word = mapping.load(index(replica, slot))
    return BoardLoad(requests: Int(word >> 32), tokens: Int(word & 0xFFFF_FFFF))
  }

  /// The load of the rank of `slot` by all replicas but `excluded`.
  public func sum(slot: Int, excluding excluded: Int? = nil) -> BoardLoad {
    var sum = BoardLoad()
    for replica in 0..<replicas where replica != excluded {
      let part = load(replica: replica, slot: slot)
      sum.requests += part.requests
      sum.tokens += part.tokens
    }
    return sum
  }

  /// Publishes what `replica` says of itself.
  public func set(_ presence: BoardPresence, replica: Int) {
    mapping.store(presence.word, head(replica))
  }

  /// What `replica` said of itself last; nil when it has not begun or was cleared.
  public func presence(replica: Int) -> BoardPresence? { BoardPresence(word: mapping.load(head(replica))) }

  /// Publishes the queue of `replica`.
  public func set(_ queue: BoardQueue, replica: Int) {
    let waiting = UInt64(UInt32(clamping: queue.waiting))
    mapping.store(waiting << 32 | UInt64(UInt32(clamping: queue.inFlight)), head(replica) + 1)
    mapping.store(queue.front, head(replica) + 2)
  }

  /// The queue of `replica` as it said last.
  public func queue(replica: Int) -> BoardQueue {
    let word = mapping.load(head(replica) + 1)
    return BoardQueue(
      waiting: Int(word >> 32), inFlight: Int(word & 0xFFFF_FFFF), front: mapping.load(head(replica) + 2))
  }

  /// The queues of all replicas but `excluded` together, and the front that comes first.
  public func queues(excluding excluded: Int? = nil) -> BoardQueue {
    var sum = BoardQueue()
    for replica in 0..<replicas where replica != excluded {
      let part = queue(replica: replica)
      sum.waiting += part.waiting
      sum.inFlight += part.inFlight
      if part.front > 0 { sum.front = sum.front == 0 ? part.front : min(sum.front, part.front) }
    }
    return sum
  }

  /// Publishes the requests that the caller of `slot` has under way at `replica`.
  public func set(callers count: Int, replica: Int, slot: Int) {
    mapping.store(UInt64(max(0, count)), callerIndex(replica, slot))
  }

  /// The requests that the caller of `slot` has under way at all replicas but `excluded`.
  public func callers(slot: Int, excluding excluded: Int? = nil) -> Int {
    var sum = 0
    for replica in 0..<replicas where replica != excluded {
      sum += Int(mapping.load(callerIndex(replica, slot)))
    }
    return sum
  }

  /// Orders what was published before it and what is read after it, between all replicas that call it.
  ///
  /// Of two that each publish and then look, at least one sees the other: so neither a limit is exceeded nor a place
  /// overlooked.
  public func publishThenLook() { atomicMemoryFence(ordering: .sequentiallyConsistent) }

  /// Forgets what `replica` had in flight and said: at its start, and after its death.
  public func clear(replica: Int) {
    for word in 0..<rowWords { mapping.store(0, head(replica) + word) }
  }

  private func head(_ replica: Int) -> Int {
    precondition((0..<replicas).contains(replica), "no such row on the load board")
    return replica * rowWords
  }

  private func callerIndex(_ replica: Int, _ slot: Int) -> Int {
    precondition((0..<Self.callerSlots).contains(slot), "no such caller's slot on the load board")
    return head(replica) + 8 + slot
  }

  private func index(_ replica: Int, _ slot: Int) -> Int {
    precondition((0..<slots).contains(slot), "no such slot on the load board")
    return head(replica) + Self.headWords + slot
  }
}

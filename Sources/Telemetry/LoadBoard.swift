import Glibc

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

/// The in-flight load of every rank by every ingress replica, in one shared segment.
///
/// Each replica has a row of its own, a whole number of cache lines, and in it a word for each rank slot: requests and
/// tokens as two 32-bit halves, stored as one, so that a reader never sees half an update. A replica writes only its
/// row, sums all of them to choose a rank, and the controller clears the row of one that died.
public final class LoadBoard: Sendable {
  /// The rows, one per ingress replica.
  public let replicas: Int
  /// The words of a row, one per rank slot.
  public let slots: Int
  private let mapping: StatsMapping

  /// Slots of a row are rounded up to whole cache lines of eight.
  private static func rowWords(_ slots: Int) -> Int { max(1, (slots + 7) / 8) * 8 }

  /// The size of the segment for so many replicas and rank slots.
  public static func byteCount(replicas: Int, slots: Int) -> Int { replicas * rowWords(slots) * 8 }

  /// Maps the board behind `fd`, which stays the caller's; its size says how many slots there are.
  ///
  /// - Throws: when the segment is not a whole number of rows.
  public init(fd: Int32, replicas: Int) throws(StatsPageError) {
    var status = stat()
    guard fstat(fd, &status) == 0 else { throw .system("fstat", "load board") }
    let size = Int(status.st_size)
    guard replicas > 0, size > 0, size.isMultiple(of: replicas * 64) else {
      throw StatsPageError(
        path: "load board", problem: "\(size) bytes are no rows for \(replicas) ingress replicas")
    }
    self.replicas = replicas
    slots = size / replicas / 8
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

  /// Forgets what `replica` had in flight: at its start, and after its death.
  public func clear(replica: Int) {
    for slot in 0..<slots { set(BoardLoad(), replica: replica, slot: slot) }
  }

  private func index(_ replica: Int, _ slot: Int) -> Int {
    precondition(
      (0..<replicas).contains(replica) && (0..<slots).contains(slot), "no such place on the load board")
    return replica * slots + slot
  }
}

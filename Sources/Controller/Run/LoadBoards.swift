import Platform
import Telemetry

/// The load boards of an application: one for each number of rows, kept while it lives.
@Loop
final class LoadBoards {
  private final class Board {
    let memory: SharedMemory
    let view: LoadBoard

    init(_ memory: consuming SharedMemory, _ view: LoadBoard) {
      self.memory = memory
      self.view = view
    }
  }

  /// A rank and its column.
  struct Slot: Sendable, Codable {
    let group: Int
    let rank: Int
    let slot: Int
  }

  private struct Place: Hashable {
    let group: Int
    let rank: Int
  }

  private var boards: [Int: Board] = [:]
  private var slots: [Place: Int] = [:]
  private let slotCount: Int

  /// Boards with room for `ranks` ranks, and for many more that a scale may bring.
  init(ranks: Int, taken: [Slot] = []) {
    slotCount = max(1024, 2 * ranks)
    for slot in taken { slots[Place(group: slot.group, rank: slot.rank)] = slot.slot }
  }

  /// The columns that are taken.
  var taken: [Slot] { slots.map { Slot(group: $0.group, rank: $0.rank, slot: $1) } }

  /// Whether each rank of so many groups of `size` finds a column, beside those that are taken.
  func canHold(groups: Int, size: Int) -> Bool {
    let known = slots.keys.count { $0.group < groups && $0.rank < size }
    return slots.count + groups * size - known <= (boards.values.map(\.view.slots).min() ?? slotCount)
  }

  /// Takes over the board with `rows` rows that a living replica holds; false when it is none.
  func adopt(rows: Int, _ descriptor: consuming FileDescriptor) -> Bool {
    guard boards[rows] == nil else { return true }
    let memory = SharedMemory(descriptor)
    guard let view = try? LoadBoard(fd: memory.descriptor.raw, replicas: rows) else { return false }
    boards[rows] = Board(memory, view)
    return true
  }

  /// The descriptor of the board with `rows` rows, which is made when it is not there.
  func descriptor(rows: Int) throws(LoadBoardError) -> Int32 {
    if let board = boards[rows] { return board.memory.descriptor.raw }
    let bytes = LoadBoard.byteCount(replicas: rows, slots: slotCount)
    guard let memory = try? SharedMemory(name: "dpdeploy-board", byteCount: bytes) else {
      throw LoadBoardError(description: "no \(bytes) bytes of shared memory for the load board")
    }
    let raw = memory.descriptor.raw
    guard let view = try? LoadBoard(fd: raw, replicas: rows) else {
      throw LoadBoardError(description: "the load board cannot be mapped")
    }
    boards[rows] = Board(memory, view)
    return raw
  }

  /// The column of a rank, the same for all its lives.
  func slot(group: Int, rank: Int) -> Int {
    let place = Place(group: group, rank: rank)
    let slot = slots[place] ?? slots.count
    slots[place] = slot
    return slot
  }

  /// Requests that some ingress replica has in flight at a rank.
  func requests(group: Int, rank: Int) -> Int {
    let slot = slot(group: group, rank: rank)
    return boards.values.map { $0.view.sum(slot: slot).requests }.reduce(0, +)
  }

  /// Forgets what a dead replica had in flight.
  func clear(replica: Int) {
    for board in boards.values where replica < board.view.replicas { board.view.clear(replica: replica) }
  }
}

/// Why a load board could not be made.
struct LoadBoardError: Error, CustomStringConvertible {
  /// What was refused.
  let description: String
}

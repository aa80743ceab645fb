import Synchronization

/// A rank's 256 bytes in the control area, written by that rank alone but for its bell: who it is, how far it is,
/// and what it intends.
struct RankLine {
  enum State: UInt32 {
    case absent, joining, running, paused, left
  }

  private let base: UnsafeMutableRawPointer

  init(_ control: UnsafeMutableRawPointer, rank: Int) {
    base = control + SegmentLayout.pageSize + rank * SegmentLayout.lineSize
  }

  var pid: UnsafeMutablePointer<Atomic<UInt32>> { base.word32(at: 0) }
  private var stateWord: UnsafeMutablePointer<Atomic<UInt32>> { base.word32(at: 4) }
  /// The step it is in.
  var step: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 8) }
  /// The wave it is in.
  var wave: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 16) }
  /// Nanoseconds it waited for others, and computed experts.
  var waitNanoseconds: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 24) }
  var computeNanoseconds: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 32) }
  /// The members of the view that it proposed last, one bit each.
  var proposal: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 48) }
  /// The ``ViewWord`` of the view that it has entered.
  var entered: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 56) }
  /// The layer it is in.
  var layer: UnsafeMutablePointer<Atomic<UInt32>> { base.word32(at: 40) }
  /// The rank that it waits for; nil where it waits for none.
  var awaited: Int? {
    get {
      let number = base.word32(at: 44).pointee.load(ordering: .relaxed)
      return number == 0 ? nil : Int(number) - 1
    }
    nonmutating set {
      base.word32(at: 44).pointee.store(newValue.map { UInt32($0) + 1 } ?? 0, ordering: .relaxed)
    }
  }
  // How far its intents, its dispatches and its returned rows are: flags that follow their data, each in its own
  // cache line.
  var intended: UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 64) }
  func published(_ half: Int) -> UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 128 + 8 * half) }
  func returned(_ half: Int) -> UnsafeMutablePointer<Atomic<UInt64>> { base.word64(at: 192 + 8 * half) }
  /// Rings when all rows that it waits for are there.
  var bell: Bell { Bell(base + 208) }

  var state: State {
    get { State(rawValue: stateWord.pointee.load(ordering: .acquiring)) ?? .absent }
    nonmutating set { stateWord.pointee.store(newValue.rawValue, ordering: .releasing) }
  }

  /// Takes the line for this process; false when another has it.
  func claim(pid newPid: Int32) -> Bool {
    let (exchanged, _) = stateWord.pointee.compareExchange(
      expected: State.absent.rawValue, desired: State.joining.rawValue, ordering: .acquiringAndReleasing)
    if exchanged {
      pid.pointee.store(UInt32(bitPattern: newPid), ordering: .relaxed)
      awaited = nil
    }
    return exchanged
  }

  /// The intent of an odd or an even step; its flag is ``intended``.
  func write(_ intent: StepIntent, parity: Int) {
    let slot = base + 72 + 16 * parity
    slot.storeBytes(of: UInt32(clamping: intent.tokens), as: UInt32.self)
    let flags: UInt32 = (intent.unfinished ? 1 : 0) | (intent.leaving ? 2 : 0) | (intent.wantsOverlap ? 4 : 0)
    slot.storeBytes(of: flags, toByteOffset: 4, as: UInt32.self)
  }

  func readIntent(parity: Int) -> StepIntent {
    let slot = base + 72 + 16 * parity
    let flags = slot.load(fromByteOffset: 4, as: UInt32.self)
    return StepIntent(
      tokens: Int(slot.load(as: UInt32.self)), unfinished: flags & 1 != 0, leaving: flags & 2 != 0,
      wantsOverlap: flags & 4 != 0)
  }
}

/// Copies of other ranks' rows in this rank's own memory, as a backend takes them in.
final class ArrivedRows {
  private let shape: ExchangeShape
  private let rank: Int
  /// `[world, chunk, hidden]`, or in fixed slots `[own experts, world * chunk, hidden]`.
  private var rows: UnsafeMutablePointer<Float>
  private var slotCount = 0
  /// `[world, chunk]`: tokens that have been copied.
  private var isHere: [Bool]

  init(_ shape: ExchangeShape, rank: Int, _ backend: ExchangeBackend) {
    self.shape = shape
    self.rank = rank
    let isSlotted = backend == .lowLatency
    slotCount = isSlotted ? shape.ownedCapacity : 1
    rows = .allocate(capacity: slotCount * shape.world * shape.chunk * shape.hidden)
    isHere = Array(repeating: false, count: shape.world * shape.chunk)
  }

  deinit { rows.deallocate() }

  /// Copies the first `count` rows of a source.
  func takeAll(_ dispatch: RankRegion.Dispatch, count: Int, of source: Int) {
    place(source, 0).update(from: dispatch.rows, count: count * shape.hidden)
  }

  /// Forgets which tokens were copied.
  func forget() {
    for index in isHere.indices { isHere[index] = false }
  }

  /// Copies a token's row unless it is here already or this rank's own.
  func takeOnce(_ dispatch: RankRegion.Dispatch, token: Int, of source: Int) {
    guard source != rank, !isHere[source * shape.chunk + token] else { return }
    isHere[source * shape.chunk + token] = true
    place(source, token).update(from: dispatch.rows + token * shape.hidden, count: shape.hidden)
  }

  /// A token's row: the copy, or the original of this rank's own.
  func row(_ dispatch: RankRegion.Dispatch, token: Int, of source: Int) -> UnsafeMutablePointer<Float> {
    source == rank ? dispatch.rows + token * shape.hidden : place(source, token)
  }

  /// Makes room for the rows of that many own experts, of which a rank gets more when others die.
  func reserve(slots: Int) {
    guard slots > slotCount else { return }
    rows.deallocate()
    slotCount = slots
    rows = .allocate(capacity: slotCount * shape.world * shape.chunk * shape.hidden)
  }

  /// Copies a token's row into an own expert's slots.
  func take(_ dispatch: RankRegion.Dispatch, token: Int, intoSlot slot: Int, row: Int) {
    (self.slot(slot) + row * shape.hidden).update(
      from: dispatch.rows + token * shape.hidden, count: shape.hidden)
  }

  /// `[world * chunk, hidden]`: the slots of an own expert.
  func slot(_ slot: Int) -> UnsafeMutablePointer<Float> {
    rows + slot * shape.world * shape.chunk * shape.hidden
  }

  private func place(_ source: Int, _ token: Int) -> UnsafeMutablePointer<Float> {
    rows + (source * shape.chunk + token) * shape.hidden
  }
}

import Tensors

/// Which rows of a batch go through which adapter.
///
/// Rows are gathered by adapter, so a step multiplies with each adapter's matrices once for every block of rows, in
/// f32 whatever the model's arithmetic is. A row's change has the same bits whoever shares the batch or the adapter.
struct StepAdapters {
  /// The rows of one adapter, ascending.
  struct Group {
    let adapter: LoRAAdapter
    fileprivate(set) var rows: [Int]
  }

  private let groups: [Group]
  private let scratch: AdapterScratch

  /// Nil when no sequence of the batch has an adapter.
  init?(_ batch: ForwardBatch, scratch: AdapterScratch) {
    var groups: [Group] = []
    for slice in batch.sequences {
      guard let adapter = slice.adapter else { continue }
      let rows = slice.firstRow..<slice.firstRow + slice.rowCount
      if let known = groups.firstIndex(where: { $0.adapter === adapter }) {
        groups[known].rows += rows
      } else {
        groups.append(Group(adapter: adapter, rows: Array(rows)))
      }
    }
    guard !groups.isEmpty else { return nil }
    self.groups = groups
    self.scratch = scratch
  }

  /// The adapters of a layer, for rows from `firstRow` on.
  func layer(_ layer: Int, firstRow: Int) -> LayerAdapters {
    LayerAdapters(groups: groups, scratch: scratch, layer: layer, firstRow: firstRow)
  }
}

/// Adds what adapters change of one layer's projections.
struct LayerAdapters {
  /// Where a projection's outputs lie in a row.
  enum Columns {
    /// One after the other.
    case plain
    /// Sixteen of gates, sixteen of ups, and so on: here those of that turn.
    case tiles(turn: Int)
  }

  fileprivate let groups: [StepAdapters.Group]
  fileprivate let scratch: AdapterScratch
  fileprivate let layer: Int
  fileprivate let firstRow: Int

  /// The same for rows from `row` on, counted from these.
  func from(row: Int) -> LayerAdapters {
    LayerAdapters(groups: groups, scratch: scratch, layer: layer, firstRow: firstRow + row)
  }

  /// `output += change(input)` for those of `count` rows whose adapter changes the projection.
  ///
  /// - Parameter count: At most ``AdapterScratch/rowBlock`` rows.
  func add(
    _ projection: AdaptedProjection, count: Int, from input: Rows, to output: Rows, columns: Columns = .plain
  ) {
    for group in groups {
      guard let change = group.adapter.change(projection, layer: layer) else { continue }
      let rows = members(of: group, count: count)
      guard !rows.isEmpty else { continue }
      let result = scratch.product(change, rows.map { input.from(row: $0 - firstRow).base })
      for (index, row) in rows.enumerated() {
        add(result.from(row: index).base, change.up.rows, to: output.from(row: row - firstRow).base, columns)
      }
    }
  }

  private func members(of group: StepAdapters.Group, count: Int) -> ArraySlice<Int> {
    let first = group.rows.partitioningIndex { $0 >= firstRow }
    let end = group.rows.partitioningIndex { $0 >= firstRow + count }
    return group.rows[first..<end]
  }

  private func add(
    _ change: UnsafePointer<Float>, _ width: Int, to row: UnsafeMutablePointer<Float>, _ columns: Columns
  ) {
    switch columns {
    case .plain: Tensors.add(change, to: row, count: width)
    case .tiles(let turn):
      let tile = PackedMatrix.tileRows
      for first in stride(from: 0, to: width, by: tile) {
        Tensors.add(change + first, to: row + 2 * first + turn * tile, count: tile)
      }
    }
  }
}

/// Memory for the products of one block of rows.
struct AdapterScratch {
  /// Rows computed together, the same as in attention and feed-forward networks.
  static let rowBlock = Attention.rowBlock

  private let gathered: FloatBuffer
  private let low: FloatBuffer
  private let changes: FloatBuffer

  init(_ model: ModelConfiguration) throws(TensorsError) {
    let places = (0..<model.layerCount).flatMap { model.adaptedProjections(ofLayer: $0) }
    gathered = try FloatBuffer(count: Self.rowBlock * (places.map(\.inputs).max() ?? 0))
    low = try FloatBuffer(count: Self.rowBlock * LoRAAdapter.greatestRank)
    changes = try FloatBuffer(count: Self.rowBlock * (places.map(\.outputs).max() ?? 0))
  }

  /// The change for rows that lie anywhere, one after the other.
  fileprivate func product(_ change: LowRankChange, _ rows: [UnsafeMutablePointer<Float>]) -> Rows {
    let inputs = change.down.columns
    let input = Rows(gathered.base, stride: inputs)
    for (index, row) in rows.enumerated() { input.from(row: index).base.update(from: row, count: inputs) }
    let middle = Rows(low.base, stride: change.down.rows)
    let output = Rows(changes.base, stride: change.up.rows)
    change.down.product(input, count: rows.count, into: middle)
    change.up.product(middle, count: rows.count, into: output)
    return output
  }
}

extension Array where Element == Int {
  /// The first index whose element `isBehind`, in an array where those come last.
  fileprivate func partitioningIndex(where isBehind: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

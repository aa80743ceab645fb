import History

extension Store {
  /// The blocks of `application` with steps of `step` seconds that end after `time`, oldest first; what cannot be read
  /// is left out, as a gap.
  func history(of application: String, step: Int, after time: Int) throws(StoreError) -> [HistoryBlock] {
    try database.run(
      "SELECT start, block FROM history WHERE application = ? AND step = ? AND start > ? ORDER BY start",
      [.text(application), .integer(Int64(step)), .integer(Int64(time - step * HistoryBlock.steps))]
    ).compactMap { HistoryBlock(step: step, start: $0[0].integer, bytes: $0[1].blob ?? []) }
  }

  /// Adds a part of the past to every tier, and forgets what is too old or too much.
  func save(_ block: HistoryBlock, of application: String) throws(StoreError) {
    for tier in HistoryTier.all {
      var row = HistoryBlock(step: tier.step, holding: block.start)
      let place: [Database.Value] = [
        .text(application), .integer(Int64(tier.step)), .integer(Int64(row.start)),
      ]
      let stored = try database.run(
        "SELECT block FROM history WHERE application = ? AND step = ? AND start = ?", place
      ).first?[0].blob
      if let stored, let read = HistoryBlock(step: tier.step, start: row.start, bytes: stored) { row = read }
      row.merge(block)
      try database.run("INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?)", place + [.blob(row.bytes)])
      if stored == nil { try prune(application, tier, before: row.start) }
    }
  }

  private func prune(_ application: String, _ tier: HistoryTier, before time: Int) throws(StoreError) {
    let place: [Database.Value] = [.text(application), .integer(Int64(tier.step))]
    try database.run(
      "DELETE FROM history WHERE application = ? AND step = ? AND start < ?",
      place + [.integer(Int64(time - tier.kept - tier.step * HistoryBlock.steps))])
    try database.run(
      "DELETE FROM history WHERE rowid IN (SELECT rowid FROM (SELECT rowid, sum(length(block)) OVER (ORDER BY start "
        + "DESC) AS total FROM history WHERE application = ? AND step = ?) WHERE total > ?)",
      place + [.integer(Int64(tier.keptBytes))])
  }
}

/// Finds the highest level of a range at which something still holds, with few tries: doubling, then bisection.
///
/// A level that was tried is not tried again, and one try counts for all levels beyond it: what fails at a level is taken to
/// fail at every higher one.
struct LimitSearch: Sendable {
  /// The levels that may be tried.
  let range: ClosedRange<Int>
  /// The highest level at which it held.
  private(set) var held: Int?
  /// The lowest level at which it did not.
  private(set) var failed: Int?
  /// Whether the limit is narrowed down once a doubling went beyond it.
  private let refines: Bool
  private let start: Int

  /// Searches `range` from `start` on.
  init(_ range: ClosedRange<Int>, from start: Int, refines: Bool = true) {
    self.range = range
    self.start = min(max(start, range.lowerBound), range.upperBound)
    self.refines = refines
  }

  /// The level to try next; nil when the limit is known to a sixteenth of itself, or the range is at its end.
  var next: Int? {
    switch (held, failed) {
    case (nil, nil): start
    case (let held?, nil): held < range.upperBound ? min(held * 2, range.upperBound) : nil
    case (nil, let failed?):
      failed > range.lowerBound && refines ? max(range.lowerBound, failed / 2) : nil
    case (let held?, let failed?):
      refines && failed - held > max(1, held / 16) ? held + (failed - held) / 2 : nil
    }
  }

  /// Takes what a try at `level` showed.
  mutating func take(_ level: Int, holds: Bool) {
    if holds { held = max(held ?? level, level) } else { failed = min(failed ?? level, level) }
  }
}

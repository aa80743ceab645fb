/// Colours from low to high, over up to three stops.
public struct Gradient: Sendable, Hashable {
  /// At 0.
  public var start: Color
  /// At one half; nil goes straight from start to end.
  public var middle: Color?
  /// At 1; nil keeps the start's colour.
  public var end: Color?

  /// Makes a gradient.
  public init(_ start: Color, _ middle: Color? = nil, _ end: Color? = nil) {
    self.start = start
    self.middle = middle
    self.end = end
  }

  /// The colour at a share from 0 to 1, in 20 steps: more are not told apart, and every one costs the terminal bytes.
  public func color(at share: Double) -> Color {
    guard let end, !share.isNaN else { return start }
    let share = (min(max(share, 0), 1) * 20).rounded() / 20
    guard let middle else { return start.mixed(with: end, share) }
    return share < 0.5 ? start.mixed(with: middle, share * 2) : middle.mixed(with: end, share * 2 - 1)
  }
}

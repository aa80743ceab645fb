/// A stretch of time whose contents can be added to those of the one after it.
public protocol WindowStep {
  /// When it ended, in seconds of whatever clock all steps share.
  var end: Double { get }
  /// Goes on until the end of `later`, with its contents added.
  mutating func add(_ later: Self)
}

/// Seconds, the last ones each by itself and the earlier ones in blocks: windows of minutes for the memory and time of one
/// of seconds.
public struct SteppedWindow<Step: WindowStep> {
  /// The longest window that is told second by second.
  public static var shortest: Double { 10 }
  /// The longest window of all, in seconds.
  public static var longest: Double { 300 }
  private static var blockLength: Int { 10 }

  private let stepsPerBlock: Int
  private var steps = Ring<Step>(capacity: Self.blockLength + 2)
  private var blocks = Ring<Step>(capacity: Int(Self.longest) / Self.blockLength + 1)
  /// The block that is not full yet, and how many steps it has.
  private var open: (block: Step, steps: Int)?

  /// A window into nothing, for steps that are so many seconds long.
  public init(pace: Double = 1) { stepsPerBlock = max(1, Int(Double(Self.blockLength) / pace)) }

  /// The newest step.
  public var last: Step? { steps.last }

  /// Adds a step.
  public mutating func append(_ step: Step) {
    steps.append(step)
    var (block, count) = open ?? (step, 0)
    if count > 0 { block.add(step) }
    count += 1
    open = count < stepsPerBlock ? (block, count) : nil
    if open == nil { blocks.append(block) }
  }

  /// What ended in the last `span` seconds before `now`, oldest first.
  ///
  /// Beyond ``shortest`` it begins where a block does: up to half a block earlier or later than asked for.
  public func recent(_ span: Double, before now: Double) -> [Step] {
    if span <= Self.shortest { return steps.filter { $0.end > now - span && $0.end <= now } }
    let half = Double(Self.blockLength) / 2
    return blocks.filter { $0.end - half > now - span } + (open.map { [$0.block] } ?? [])
  }
}

extension SteppedWindow: Sendable where Step: Sendable {}

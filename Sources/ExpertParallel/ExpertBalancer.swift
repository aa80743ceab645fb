/// Counts the load of a window and says when experts are to move.
///
/// No rank tells another its load: all read everybody's dispatches to find their own tokens, so all count the same,
/// idle ones too. A dummy step brings no load and counts as a step, so that all come to the same step together.
struct ExpertBalancer {
  /// When and how.
  let settings: LoadBalancing
  /// Tokens of each expert in the window, `[layers, experts]`.
  private(set) var loads: [UInt64]
  /// Steps to go, without the present one, until experts move.
  private var stepsLeft: Int
  private let experts: Int

  init(_ settings: LoadBalancing, _ shape: ExchangeShape) {
    self.settings = settings
    experts = shape.experts
    loads = Array(repeating: 0, count: shape.layers * shape.experts)
    stepsLeft = Self.firstSteps(settings)
  }

  /// As in vLLM, the first rebalancing comes after a quarter of the interval.
  private static func firstSteps(_ settings: LoadBalancing) -> Int { max(1, settings.stepInterval / 4) }

  /// Forgets what was counted: the members have changed.
  mutating func restart() {
    stepsLeft = Self.firstSteps(settings)
    clear()
  }

  /// Forgets the load that has been acted on.
  mutating func clear() {
    for index in loads.indices { loads[index] = 0 }
  }

  /// Begins a step; true when experts are to move before it.
  mutating func beginStep() -> Bool {
    let isDue = stepsLeft == 0
    if isDue { stepsLeft = settings.stepInterval }
    stepsLeft -= 1
    return isDue
  }

  /// Adds the tokens of one exchange, by expert, if the step is among the last of its interval.
  mutating func add(_ rows: [UInt64], layer: Int) {
    guard stepsLeft < settings.windowSize else { return }
    for expert in rows.indices { loads[layer * experts + expert] += rows[expert] }
  }

  /// The load of one layer.
  func loads(layer: Int) -> [UInt64] { Array(loads[(layer * experts)..<((layer + 1) * experts)]) }
}

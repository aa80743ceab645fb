import ExpertParallel
import Glibc
import Platform

/// One rank of the benchmark: a process that steps through the scenarios with its group.
struct Worker {
  let group: ExpertGroup
  let shape: ExchangeShape
  private let rows: UnsafeMutablePointer<Float>
  private let output: UnsafeMutablePointer<Float>
  private let ids: UnsafeMutablePointer<Int32>
  private let weights: UnsafeMutablePointer<Float>
  static let maxTokens = 256
  /// The steps of a scenario; the first quarter is not measured.
  static let steps = 240

  init(rank: Int, world: Int, descriptor: Int32, yields: Int?) throws(ExpertParallelError) {
    shape = try ExchangeShape(world: world, hidden: 192, topK: 4, experts: 16, layers: 8)
    let control = try GroupControl(
      segment: SharedMemory(FileDescriptor(owning: descriptor)), rank: rank, shape: shape, epoch: 1,
      until: .after(.seconds(20)))
    var policy = WaitPolicy.standard(world: world)
    if let yields { policy.yields = yields }
    policy.timeout = .seconds(20)
    group = try ExpertGroup(control, policy: policy)
    rows = .allocate(capacity: Self.maxTokens * shape.hidden)
    rows.initialize(repeating: 0.5, count: Self.maxTokens * shape.hidden)
    output = .allocate(capacity: Self.maxTokens * shape.hidden)
    ids = .allocate(capacity: Self.maxTokens * shape.topK)
    weights = .allocate(capacity: Self.maxTokens * shape.topK)
    weights.initialize(repeating: 0.25, count: Self.maxTokens * shape.topK)
    for slot in 0..<(Self.maxTokens * shape.topK) {
      // Four experts in different quarters of the sixteen, moving on from token to token.
      let (token, choice) = slot.quotientAndRemainder(dividingBy: shape.topK)
      (ids + slot).initialize(to: Int32(choice * 4 + (token + group.control.rank) % 4))
    }
    try group.join(until: .after(.seconds(20)))
  }

  /// Runs a scenario and returns the median and mean time of one layer's exchange, in microseconds.
  ///
  /// - Parameters:
  ///   - tokens: This rank's tokens in each step.
  ///   - attention: Processor time to burn before each exchange, as attention would.
  func measure(tokens: Int, attention: Duration = .zero) throws(ExpertParallelError) -> (
    median: Double, mean: Double
  ) {
    var times: [Double] = []
    for step in 0..<Self.steps {
      _ = try group.agree(StepIntent(tokens: tokens, unfinished: true))
      let begin = Instant.now
      for layer in 0..<shape.layers {
        burn(attention.wholeNanoseconds)
        try exchange(layer, tokens)
      }
      let micros = (Instant.now - begin).inSeconds * 1e6 / Double(shape.layers)
      if step >= Self.steps / 4 { times.append(micros) }
    }
    times.sort()
    return (times[times.count / 2], times.reduce(0, +) / Double(times.count))
  }

  private func exchange(_ layer: Int, _ tokens: Int) throws(ExpertParallelError) {
    let width = shape.hidden
    let routed = RoutedTokens(count: tokens, rows: rows, ids: ids, weights: weights)
    try group.exchange(layer: layer, routed, output: output) { _, count, input, output in
      output.update(from: input, count: count * width)
    }
  }

  /// Uses up this thread's own processor time, so that time stolen by others shows in the result.
  private func burn(_ nanoseconds: UInt64) {
    guard nanoseconds > 0 else { return }
    let end = Processor.threadNanoseconds + nanoseconds
    while Processor.threadNanoseconds < end { Processor.relax() }
  }
}

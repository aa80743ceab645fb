import Tensors

/// What to measure, from the command line.
struct StepLoopPlan {
  var arguments: [String]
  var model = "models/operator-moe"
  var ranks = 1
  var rank: Int?
  var arithmetic: Arithmetic?
  var cache: String?
  /// Tokens in front of the first decode step.
  var context = 144
  /// Measured decode steps.
  var steps = 64
  /// Tokens of each prompt; 0 measures no prefill.
  var prefill = 128
  var batches: [Int] = []

  struct Usage: Error, CustomStringConvertible {
    let description: String
  }

  init(_ arguments: [String]) throws(Usage) {
    self.arguments = arguments
    var rest = arguments[...]
    while let name = rest.popFirst() {
      if let batch = Int(name) {
        batches.append(batch)
        continue
      }
      guard let value = rest.popFirst() else { throw Usage(description: "\(name) needs a value") }
      try set(name, value)
    }
    if batches.isEmpty { batches = [1, 8, 32] }
  }

  private mutating func set(_ name: String, _ value: String) throws(Usage) {
    switch name {
    case "--model": model = value
    case "--cache": cache = value
    case "--dtype": arithmetic = Arithmetic(rawValue: value)
    default:
      guard let number = Int(value), number >= 0 else {
        throw Usage(description: "what is \(name) \(value)?")
      }
      switch name {
      case "--ranks": ranks = number
      case "--rank": rank = number
      case "--context": context = number
      case "--steps": steps = max(1, number)
      case "--prefill": prefill = number
      default: throw Usage(description: "unknown option \(name)")
      }
    }
  }

  /// This rank's part of a batch.
  func share(of batch: Int, rank: Int) -> Int { batch / ranks + (rank < batch % ranks ? 1 : 0) }
}

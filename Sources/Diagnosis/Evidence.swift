import ControlAPI

extension Observation {
  /// Requests that wait, in the ingress and inside the ranks; nil when neither is known.
  var queued: Int? {
    let known = [metrics.queueDepth.value, metrics.waiting.value].compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(0, +)
  }
}

extension Known<Double> {
  var orZero: Double { value ?? 0 }
}

extension Known<Int> {
  /// The number, or a dash when it is unknown.
  var text: String { value.map(String.init) ?? "–" }
}

func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }

func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }

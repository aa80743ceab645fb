import ControlAPI

extension Known<Int> {
  /// The number, or a dash when it is unknown.
  var text: String { value.map(String.init) ?? "–" }
}

func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }

func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }

/// A number to one decimal place.
func decimal(_ number: Double) -> String {
  let tenths = Int((number * 10).rounded())
  return "\(tenths / 10).\(abs(tenths % 10))"
}

/// The middle of some values, the lower of two; nil when there are none.
func median<Value: Comparable>(_ values: [Value]) -> Value? {
  values.isEmpty ? nil : values.sorted()[(values.count - 1) / 2]
}

func mean(_ values: [Double]) -> Double? {
  values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}

extension Evidence {
  init(_ panel: Panel, _ text: String) { self.init(text, on: panel) }
}

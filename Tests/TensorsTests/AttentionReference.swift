import Glibc

/// The textbook form in Double: softmax over all scores, then the weighted sum of values.
func attention(
  query: [Float], keys: [[Float]], values: [[Float]], heads: Int, scale: Float
) -> [Float] {
  (0..<heads).flatMap { head -> [Float] in
    let scores = keys.map { key in
      key.indices.reduce(0.0) { $0 + Double(query[head * key.count + $1]) * Double(key[$1]) }
        * Double(scale)
    }
    let largest = scores.max() ?? 0
    let weights = scores.map { exp($0 - largest) }
    let sum = weights.reduce(0, +)
    return (values.first ?? []).indices.map { column in
      Float(zip(weights, values).reduce(0.0) { $0 + $1.0 * Double($1.1[column]) } / sum)
    }
  }
}

import Glibc
import Tensors

@testable import Model

/// Attention as the papers write it, in Double: keys and values of every head spelled out, no cache.
struct NaiveAttention {
  typealias Row = [Double]

  /// Queries, keys and values of every head of one token.
  private struct Heads {
    var queries: [Row]
    var keys: [Row]
    var values: [Row]
  }

  let configuration: ModelConfiguration
  let rotary: RotaryEmbedding
  let file: SafetensorsFile
  let prefix: String

  /// The layer's output for a sequence of normalised hidden states.
  func run(_ hidden: [Float]) throws -> [Float] {
    let width = configuration.hiddenSize
    let tokens = try (0..<hidden.count / width).map { position in
      let row = hidden[position * width..<(position + 1) * width].map(Double.init)
      switch configuration.attention {
      case .latent(let shape): return try heads(row, position, shape)
      case .grouped(let shape): return try heads(row, position, shape)
      }
    }
    return try tokens.indices.flatMap { position in
      let mixed = tokens[position].queries.indices.flatMap { head in
        attend(
          tokens[position].queries[head], tokens[...position].map { $0.keys[head] },
          tokens[...position].map { $0.values[head] })
      }
      return try apply("o_proj", mixed).map(Float.init)
    }
  }

  private func heads(_ row: Row, _ position: Int, _ shape: LatentAttentionShape) throws -> Heads {
    let query =
      shape.queryRank == nil
      ? try apply("q_proj", row)
      : try apply("q_b_proj", normalized(apply("q_a_proj", row), "q_a_layernorm"))
    let down = try apply("kv_a_proj_with_mqa", row)
    let latent = try normalized(Array(down[..<shape.latentSize]), "kv_a_layernorm")
    let sharedKey = rotated(Array(down[shape.latentSize...]), position)
    let up = try split(apply("kv_b_proj", latent), shape.contentSize + shape.valueSize)
    return Heads(
      queries: split(query, shape.queryHeadSize).map { query in
        Array(query[..<shape.contentSize]) + rotated(Array(query[shape.contentSize...]), position)
      },
      keys: up.map { Array($0[..<shape.contentSize]) + sharedKey },
      values: up.map { Array($0[shape.contentSize...]) })
  }

  private func heads(_ row: Row, _ position: Int, _ shape: GroupedQueryAttentionShape) throws -> Heads {
    func project(_ name: String, norm: String) throws -> [Row] {
      try split(apply(name, row), shape.headSize).map { head in
        rotated(shape.normalizesHeads ? try normalized(head, norm) : head, position)
      }
    }
    let keys = try project("k_proj", norm: "k_norm")
    let values = try split(apply("v_proj", row), shape.headSize)
    let repeated = (0..<shape.headCount).map { $0 / shape.groupSize }
    return Heads(
      queries: try project("q_proj", norm: "q_norm"), keys: repeated.map { keys[$0] },
      values: repeated.map { values[$0] })
  }

  private func attend(_ query: Row, _ keys: [Row], _ values: [Row]) -> Row {
    var factor = 1 / Double(query.count).squareRoot()
    if case .latent = configuration.attention { factor *= Double(rotary.scoreFactor) }
    let weights = keys.map { key in exp(factor * zip(query, key).reduce(0) { $0 + $1.0 * $1.1 }) }
    let sum = weights.reduce(0, +)
    return (values.first ?? []).indices.map { column in
      zip(weights, values).reduce(0) { $0 + $1.0 * $1.1[column] } / sum
    }
  }

  private func rotated(_ x: Row, _ position: Int) -> Row {
    var result = x
    let half = x.count / 2
    for pair in 0..<half {
      let angle = Double(position) * Double(rotary.frequencies[pair])
      let (first, second) =
        configuration.rotary.isInterleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + half)
      let (c, s) = (cos(angle) * Double(rotary.amplitude), sin(angle) * Double(rotary.amplitude))
      result[first] = x[first] * c - x[second] * s
      result[second] = x[second] * c + x[first] * s
    }
    return result
  }

  private func normalized(_ x: Row, _ name: String) throws -> Row {
    let weight = try values(name + ".weight")
    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    return zip(x, weight).map { $0 / (mean + Double(configuration.normEpsilon)).squareRoot() * $1 }
  }

  private func apply(_ name: String, _ x: Row) throws -> Row {
    let rows = try split(values(name + ".weight"), x.count)
    return rows.map { row in zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private func split(_ x: Row, _ size: Int) -> [Row] {
    stride(from: 0, to: x.count, by: size).map { Array(x[$0..<$0 + size]) }
  }

  private func values(_ name: String) throws -> Row {
    guard let tensor = file.tensor("\(prefix).\(name)") else {
      throw TensorsError.missingTensor(file: file.path, tensor: name)
    }
    let count = tensor.shape.reduce(1, *)
    let buffer = try FloatBuffer(count: count)
    try tensor.widen(into: buffer.base)
    return withExtendedLifetime(buffer) {
      UnsafeBufferPointer(start: buffer.base, count: count).map(Double.init)
    }
  }
}

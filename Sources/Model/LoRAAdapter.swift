import Tensors

/// A low-rank change of a linear layer: `y += (x · downᵀ) · upᵀ` (Hu et al., arXiv 2106.09685).
struct LowRankChange {
  /// `[rank, inputs]`, PEFT's `lora_A`.
  let down: Matrix
  /// `[outputs, rank]`, PEFT's `lora_B` times the adapter's scale.
  let up: Matrix
}

/// A LoRA adapter: low-rank changes of some projections of a model, in f32 memory of its own.
///
/// Sendable because the memory is written only while the adapter is read from its files.
public final class LoRAAdapter: @unchecked Sendable {
  /// The rank of all its changes.
  public let rank: Int
  /// The most a rank may be; it bounds the scratch memory of a step.
  public static let greatestRank = 1024
  /// Bytes that the adapter takes.
  public var byteCount: Int { memory.count * MemoryLayout<Float>.stride }

  private let memory: FloatBuffer
  /// By layer, then by projection.
  private let changes: [LowRankChange?]

  init(rank: Int, memory: FloatBuffer, changes: [LowRankChange?]) {
    self.rank = rank
    self.memory = memory
    self.changes = changes
  }

  /// What the adapter changes of a projection; nil when it leaves it alone.
  func change(_ projection: AdaptedProjection, layer: Int) -> LowRankChange? {
    changes[layer * AdaptedProjection.allCases.count + projection.rawValue]
  }

  /// Bytes of an adapter of that rank that changes every projection it may.
  public static func byteCount(_ model: ModelConfiguration, rank: Int) -> Int {
    let elements = (0..<model.layerCount).reduce(0) { sum, layer in
      sum + model.adaptedProjections(ofLayer: layer).reduce(0) { $0 + $1.elementCount(rank: rank) }
    }
    return elements * MemoryLayout<Float>.stride
  }
}

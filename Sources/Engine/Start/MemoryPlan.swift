/// How a rank's accelerator memory is divided: weights, workspace, and the rest to KV blocks.
public struct MemoryPlan: Equatable, Sendable {
  /// Bytes of the accelerator.
  public var accelerator: Int
  /// The share of it that may be used.
  public var utilization: Double
  /// Bytes of this rank's weights: all that is no routed expert, and the experts that it owns.
  public var weights: Int
  /// Bytes for activations, logits and the exchange with other ranks.
  public var workspace: Int
  /// Bytes of one KV block over all layers.
  public var blockBytes: Int
  /// Tokens of a KV block.
  public var blockSize: Int

  /// A division of memory.
  public init(
    accelerator: Int, utilization: Double, weights: Int, workspace: Int, blockBytes: Int, blockSize: Int
  ) {
    self.accelerator = accelerator
    self.utilization = utilization
    self.weights = weights
    self.workspace = workspace
    self.blockBytes = blockBytes
    self.blockSize = blockSize
  }

  /// Bytes that are left for KV blocks; negative when weights and workspace alone do not fit.
  public var kvBytes: Int { Int(Double(accelerator) * utilization) - weights - workspace }

  /// KV blocks, enough for one sequence of `maxModelLength` tokens.
  ///
  /// - Throws: ``EngineError/configuration(_:)`` with the sum and the fields to change.
  public func blockCount(maxModelLength: Int) throws(EngineError) -> Int {
    let sum =
      "accelerator_memory \(Self.mebibytes(accelerator)) x gpu_memory_utilization \(utilization)"
      + " - weights \(Self.mebibytes(weights)) - workspace \(Self.mebibytes(workspace))"
    guard kvBytes >= blockBytes else {
      throw .configuration(
        "no memory is left for the KV cache: \(sum) = \(Self.mebibytes(kvBytes));"
          + " raise gpu_memory_utilization or accelerator_memory, raise data_parallel_size,"
          + " or lower max_num_batched_tokens")
    }
    let blocks = kvBytes / blockBytes
    guard blocks * blockSize >= maxModelLength else {
      throw .configuration(
        "max_model_len \(maxModelLength) does not fit into the KV cache of \(blocks * blockSize) tokens (\(sum));"
          + " lower max_model_len to at most \(blocks * blockSize),"
          + " or raise gpu_memory_utilization or accelerator_memory")
    }
    return blocks
  }

  private static func mebibytes(_ bytes: Int) -> String {
    let tenths = (Double(bytes) / 104_857.6).rounded() / 10
    return "\(tenths) MiB"
  }
}

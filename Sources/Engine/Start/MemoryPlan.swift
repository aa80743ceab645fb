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
  /// Bytes that were asked for the KV cache; nil takes all that is left of ``usable``.
  public var cacheBytes: Int?
  /// Tokens that a rank sends to the experts at once, and bytes of ``workspace`` that grow with it.
  public var dispatchChunk = 0
  /// See ``dispatchChunk``.
  public var exchange = 0

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
  public var kvBytes: Int { cacheBytes ?? usable - weights - workspace }

  /// Bytes that this rank may use.
  public var usable: Int { cacheBytes == nil ? Int(Double(accelerator) * utilization) : accelerator }

  /// The bytes of each part once `blocks` KV blocks are made, under the names that `/metrics` uses.
  ///
  /// `unused` is below 0 where `num_gpu_blocks_override` asks for more than there is.
  public func parts(blocks: Int) -> [(name: String, bytes: Int)] {
    [
      ("accelerator", accelerator), ("usable", usable), ("weights", weights), ("workspace", workspace),
      ("kv_cache", blocks * blockBytes), ("unused", usable - weights - workspace - blocks * blockBytes),
    ]
  }

  /// The arithmetic, a line for each part.
  public func lines(blocks: Int) -> [String] {
    [
      cacheBytes == nil
        ? "memory: accelerator_memory \(accelerator) bytes x gpu_memory_utilization \(utilization) = \(usable) bytes"
        : "memory: accelerator_memory \(accelerator) bytes",
      "memory: weights \(weights) bytes", "memory: workspace \(workspace) bytes",
      "memory: KV cache \(blocks) blocks x \(blockBytes) bytes = \(blocks * blockBytes) bytes",
    ]
  }

  /// KV blocks, enough for one sequence of `maxModelLength` tokens.
  ///
  /// - Throws: ``EngineError/configuration(_:)`` with the sum, the fields to change and the values that fit.
  public func blockCount(maxModelLength: Int) throws(EngineError) -> Int {
    if let cacheBytes { return try blockCount(of: cacheBytes, maxModelLength: maxModelLength) }
    let sum =
      "accelerator_memory \(Self.mebibytes(accelerator)) x gpu_memory_utilization \(utilization)"
      + " - weights \(Self.mebibytes(weights)) - workspace \(Self.mebibytes(workspace))"
    let more = advice(maxModelLength: maxModelLength)
    guard kvBytes >= blockBytes else {
      throw .configuration(
        "no memory is left for the KV cache: \(sum) = \(Self.mebibytes(kvBytes)); \(more),"
          + " or raise data_parallel_size, or lower max_num_batched_tokens"
          + chunkAdvice(maxModelLength: maxModelLength))
    }
    let blocks = kvBytes / blockBytes
    guard blocks * blockSize >= maxModelLength else {
      throw .configuration(
        "max_model_len \(maxModelLength) does not fit into the KV cache of \(blocks * blockSize) tokens (\(sum));"
          + " lower max_model_len to at most \(blocks * blockSize), or \(more)")
    }
    return blocks
  }

  /// KV blocks in as many bytes as were asked for, which must be there.
  private func blockCount(of bytes: Int, maxModelLength: Int) throws(EngineError) -> Int {
    let room = accelerator - weights - workspace
    guard bytes <= room else {
      throw .configuration(
        "kv_cache_memory_bytes \(bytes) does not fit into accelerator_memory \(Self.mebibytes(accelerator))"
          + " - weights \(Self.mebibytes(weights)) - workspace \(Self.mebibytes(workspace));"
          + (room > 0 ? " lower it to at most \(room), or" : "")
          + " raise accelerator_memory to at least \(weights + workspace + bytes)")
    }
    let blocks = bytes / blockBytes
    guard blocks * blockSize >= maxModelLength else {
      let needed = (maxModelLength + blockSize - 1) / blockSize * blockBytes
      throw .configuration(
        "max_model_len \(maxModelLength) does not fit into kv_cache_memory_bytes \(bytes), which is"
          + " \(blocks * blockSize) tokens; raise it to at least \(needed), or lower max_model_len to at most"
          + " \(blocks * blockSize)")
    }
    return blocks
  }

  /// The least of each memory field with which one sequence of `maxModelLength` tokens fits.
  private func advice(maxModelLength: Int) -> String {
    let needed = weights + workspace + (maxModelLength + blockSize - 1) / blockSize * blockBytes
    let memory =
      "raise accelerator_memory to at least \(Int((Double(needed) / utilization).rounded(.up)) + 1)"
    let share = (Double(needed) / Double(accelerator) * 1000 + 0.001).rounded(.up) / 1000
    return share > 1 ? memory : "raise gpu_memory_utilization to at least \(share) or \(memory)"
  }

  /// The greatest chunk with which one sequence fits, where a smaller one is enough.
  private func chunkAdvice(maxModelLength: Int) -> String {
    guard dispatchChunk > 0, exchange > 0 else { return "" }
    let blocks = (maxModelLength + blockSize - 1) / blockSize * blockBytes
    let room = usable - weights - (workspace - exchange) - blocks
    let fitting = Int(Double(room) / (Double(exchange) / Double(dispatchChunk)))
    return fitting > 0 && fitting < dispatchChunk
      ? ", or lower VLLM_MOE_DP_CHUNK_SIZE to at most \(fitting)" : ""
  }

  private static func mebibytes(_ bytes: Int) -> String {
    let tenths = (Double(bytes) / 104_857.6).rounded() / 10
    return "\(tenths) MiB"
  }
}

public import Tensors

/// How a model's linear layers multiply, and where their weights lie.
public struct WeightLayout: Sendable {
  /// The number format of the products.
  public let arithmetic: Arithmetic
  /// The file of packed weights; nil when weights are multiplied where they are.
  public let packedPath: String?
  /// Why weights were to be packed but are not.
  public let obstacle: TensorsError?
  /// Bytes that the weights take more than in the checkpoint; below zero when they take less.
  let extraBytes: Int

  /// Chooses the form of `folder`'s weights and makes the folder give them so.
  ///
  /// The layers to pack are found by reading the model once for the list alone. Nothing here keeps a model from being
  /// served: weights that cannot be packed are multiplied in place, slower and to the same bits.
  init(
    _ folder: WeightFolder, configuration: ModelConfiguration, arithmetic wanted: Arithmetic?,
    packedCache: String?, rotary: RotaryEmbedding
  ) throws(TensorsError) {
    arithmetic = wanted ?? .automatic(for: folder)
    folder.packing = .inPlace(arithmetic)
    guard let format = arithmetic.packedFormat, let packedCache else {
      (packedPath, obstacle, extraBytes) = (nil, nil, 0)
      return
    }
    let list = PackingList(format)
    folder.packing = .listing(list)
    _ = try ModelWeights(folder, configuration: configuration)
    _ = try ExpertBank(folder, configuration: configuration)
    _ = try Attention(folder, configuration: configuration, rotary: rotary)
    do {
      let packed = try PackedWeights.open(list, sources: folder.paths, cache: packedCache)
      folder.packing = .packed(packed)
      // The rank that packed them has read all weights, and would be charged for them twice.
      folder.releasePages()
      (packedPath, obstacle) = (packed.path, nil)
      extraBytes = list.byteCount - list.sourceBytes
    } catch {
      folder.packing = .inPlace(arithmetic)
      (packedPath, obstacle, extraBytes) = (nil, error, 0)
    }
  }
}

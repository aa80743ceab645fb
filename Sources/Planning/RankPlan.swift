/// How a deployment divides a model, and what each rank has.
public struct RankPlan: Sendable, Equatable {
  /// The model.
  public var shape: ModelShape
  /// Ranks of the data-parallel group, which share the routed experts out.
  public var ranks: Int
  /// Devices of a rank, over which all is divided but a latent KV cache.
  public var devicesPerRank: Int
  /// Copies of experts beyond the first, in each layer.
  public var redundantExperts: Int
  /// Bytes of a parameter of the linear layers.
  public var parameterBytes: Double
  /// Bytes of an element of the KV cache.
  public var cacheElementBytes: Int
  /// A layer keeps a multiple of so many elements of a token.
  public var cacheMultiple: Int
  /// Bytes of a device.
  public var deviceBytes: Int
  /// The share of it that may be used.
  public var utilization: Double
  /// Bytes of a device that are set aside for activations, graphs and buffers.
  public var reservedBytes: Int
  /// Bytes that were asked for the KV cache; nil takes what is left.
  public var cacheBytesWanted: Int?
  /// Tokens of a KV block.
  public var blockSize: Int

  /// Plans `ranks` of one device each; everything else is set afterwards.
  public init(shape: ModelShape, ranks: Int, parameterBytes: Double, deviceBytes: Int) {
    self.shape = shape
    self.ranks = ranks
    self.parameterBytes = parameterBytes
    self.deviceBytes = deviceBytes
    devicesPerRank = 1
    redundantExperts = 0
    cacheElementBytes = 2
    cacheMultiple = 1
    utilization = 0.9
    reservedBytes = 0
    blockSize = 16
  }

  /// Experts of a layer that the rank with the most of them has.
  public var expertsPerRank: Int {
    shape.experts == 0 ? 0 : (shape.experts + redundantExperts + ranks - 1) / ranks
  }

  /// Bytes that every rank has of its own on a device: all weights but routed experts.
  public var replicatedBytes: Int {
    let bytes =
      Double(shape.plainParameters) * max(2, parameterBytes) + Double(shape.denseParameters)
      * parameterBytes
    return Int(bytes) / devicesPerRank
  }

  /// Bytes of a rank's routed experts on a device.
  public var expertBytes: Int {
    let parameters = Double(shape.expertLayers * shape.expertParameters) * Double(expertsPerRank)
    // Redundant experts may be asked for beyond all measure.
    return Int(min(parameters * parameterBytes, 0x1p60)) / devicesPerRank
  }

  /// Bytes of a rank's weights on a device.
  public var weightBytes: Int { replicatedBytes + expertBytes }

  /// Bytes of the KV cache on a device; below zero when the weights alone do not fit.
  public var cacheBytes: Int {
    if let cacheBytesWanted {
      return min(cacheBytesWanted, deviceBytes - weightBytes - reservedBytes)
    }
    return Int(Double(deviceBytes) * utilization) - weightBytes - reservedBytes
  }

  /// Bytes that a token takes in a device's KV cache.
  public var tokenBytes: Int {
    let elements =
      (shape.cachedElementsPerLayer + cacheMultiple - 1) / cacheMultiple * cacheMultiple
    let bytes = shape.layers * elements * cacheElementBytes
    return shape.isLatent ? bytes : max(1, bytes / devicesPerRank)
  }

  /// Tokens that a rank's KV cache holds, in whole blocks.
  public var cacheTokens: Int { max(0, cacheBytes) / (tokenBytes * blockSize) * blockSize }

  /// Whether the weights fit and one sequence of `length` tokens does.
  public func fits(length: Int) -> Bool { cacheTokens >= length }

  /// The least ranks, this many or more, with which a sequence of `length` tokens fits; nil when no number is enough.
  public func leastRanks(length: Int) -> Int? {
    guard !fits(length: length) else { return ranks }
    let most = max(1, shape.experts + redundantExperts)
    guard ranks < most else { return nil }
    return (ranks + 1...most).first { count in
      var plan = self
      plan.ranks = count
      return plan.fits(length: length)
    }
  }
}

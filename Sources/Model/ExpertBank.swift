import Tensors

/// All routed experts of a model, in the mapped weight files or their packed form.
///
/// Any rank can compute any expert, so ownership moves between ranks without copying a byte.
public final class ExpertBank {
  /// The experts' shape.
  public let shape: ExpertShape
  /// Elements of a row in and out.
  public let hiddenSize: Int
  /// Layers with experts.
  public var moeLayerCount: Int { layers.count }

  private let folder: WeightFolder
  private let layers: [[FeedForwardWeights]]
  private let network: FeedForward

  init(_ folder: WeightFolder, configuration: ModelConfiguration) throws(TensorsError) {
    self.folder = folder
    shape = configuration.experts
    hiddenSize = configuration.hiddenSize
    var layers: [[FeedForwardWeights]] = []
    for layer in configuration.moeLayers {
      layers.append(
        try ExpertNames(folder, layer: layer).networks(
          folder, shape: configuration.experts, hiddenSize: hiddenSize))
    }
    self.layers = layers
    network = try FeedForward(
      hiddenSize: hiddenSize, maxWidth: configuration.experts.intermediateSize)
  }

  /// Runs one expert over gathered rows, without the routing weight.
  ///
  /// A row of the result does not depend on the other rows.
  ///
  /// - Parameters:
  ///   - moeLayer: Index among the layers with experts, from 0.
  ///   - expert: Expert id in that layer.
  ///   - rows: Rows, any number.
  ///   - input: `[rows, hiddenSize]`.
  ///   - output: `[rows, hiddenSize]`, not the same memory as `input`.
  public func compute(
    moeLayer: Int, expert: Int, rows: Int, input: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    network.run(layers[moeLayer][expert], rows: rows, input: input, output: output)
  }

  /// Bytes of one expert's weights.
  public func byteCount(moeLayer: Int, expert: Int) -> Int {
    layers[moeLayer][expert].spans.reduce(0) { $0 + $1.count }
  }

  /// The whole memory pages that hold nothing but this expert's weights.
  ///
  /// Bytes that share a page with a neighbour are left out, so that making these pages unreadable
  /// proves that nobody but the owner touches the expert, and hurts no one else. A small expert may
  /// have none.
  public func pages(moeLayer: Int, expert: Int, pageSize: Int = 4096) -> [UnsafeRawBufferPointer] {
    let spans = layers[moeLayer][expert].spans.map { bytes in
      let start = UInt(bitPattern: bytes.baseAddress)
      return start..<start + UInt(bytes.count)
    }
    return merge(spans).compactMap { span in
      let page = UInt(pageSize)
      let first = (span.lowerBound + page - 1) / page * page
      let end = span.upperBound / page * page
      guard first < end, let start = UnsafeRawPointer(bitPattern: first) else { return nil }
      return UnsafeRawBufferPointer(start: start, count: Int(end - first))
    }
  }

  /// Joins spans that touch: files keep an expert's tensors side by side.
  private func merge(_ spans: [Range<UInt>]) -> [Range<UInt>] {
    spans.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, span in
      if let last = merged.last, last.upperBound == span.lowerBound {
        merged[merged.count - 1] = last.lowerBound..<span.upperBound
      } else {
        merged.append(span)
      }
    }
  }
}

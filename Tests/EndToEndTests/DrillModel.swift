import FoundationEssentials
import Testing

/// What a drill's deployment serves.
enum DrillModel: Sendable {
  /// The quickstart's own.
  case bundled
  /// The toy DeepSeek, whose routers send every token to the first half of the experts.
  case lopsided

  /// Makes the model in `folder` if it is none that lies ready; what the manifest names, nil for the quickstart's own.
  func source(in folder: String) throws -> String? {
    switch self {
    case .bundled: return nil
    case .lopsided:
      let copy = folder + "/model"
      try FileManager.default.copyItem(atPath: Tools.root + "/Tests/Fixtures/deepseek-v3-toy", toPath: copy)
      try favourFirstExperts(in: copy + "/model.safetensors")
      return copy
    }
  }

  /// Raises the routers' correction bias of the first half of the experts until no other one is chosen.
  ///
  /// A safetensors file is the length of its header in 8 bytes, the header, and the data.
  private func favourFirstExperts(in path: String) throws {
    var file = try Data(contentsOf: URL(filePath: path))
    let data = 8 + (0..<8).reduce(0) { $0 | Int(file[$1]) << (8 * $1) }
    let header = try JSONDecoder().decode([String: Tensor].self, from: file[8..<data])
    let biases = header.filter { $0.key.hasSuffix(".mlp.gate.e_score_correction_bias") }.values
    try #require(!biases.isEmpty)
    for bias in biases {
      let start = data + (try #require(bias.offsets?.first))
      for expert in 0..<(try #require(bias.shape?.first) / 2) {
        let bytes = withUnsafeBytes(of: Float(100).bitPattern.littleEndian) { Array($0) }
        file.replaceSubrange((start + 4 * expert)..<(start + 4 * expert + 4), with: bytes)
      }
    }
    try file.write(to: URL(filePath: path))
  }

  private struct Tensor: Decodable {
    let shape: [Int]?
    let offsets: [Int]?

    enum CodingKeys: String, CodingKey {
      case shape
      case offsets = "data_offsets"
    }
  }
}

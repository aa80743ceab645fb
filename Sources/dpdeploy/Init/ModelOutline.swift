import FoundationEssentials
import Glibc
import JSON

/// What a starter manifest has to know of a model.
struct ModelOutline: Equatable {
  /// Its folder or bundled name, as the manifest writes it.
  var source: String
  /// The longest sequence it was made for; nil when its config.json does not say.
  var longestSequence: Int?
  /// The experts of a layer; nil for a dense model.
  var experts: Int?
  /// The size of its weight files.
  var weightBytes: Int

  /// Reads the outline of the model in `folder`, which the manifest calls `source`.
  ///
  /// - Throws: What the file system or the reader of config.json has to say.
  static func read(folder: String, source: String) throws -> ModelOutline {
    let config = try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: folder + "/config.json"))))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
    let weights = files.filter { $0.hasSuffix(".safetensors") }
    // The names are DeepSeek's, Mixtral's and Qwen3's.
    let experts = ["n_routed_experts", "num_local_experts", "num_experts"].compactMap { config[$0]?.integer }
    return ModelOutline(
      source: source, longestSequence: config["max_position_embeddings"]?.integer, experts: experts.first,
      weightBytes: weights.reduce(0) { $0 + size(folder + "/" + $1) })
  }

  private static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}

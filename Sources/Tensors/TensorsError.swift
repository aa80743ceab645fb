/// What can be wrong with a file of weights or a request for memory.
public enum TensorsError: Error, Equatable, CustomStringConvertible {
  /// The file could not be opened or mapped.
  case unreadable(file: String, reason: String)
  /// The file ends before the bytes its header promises.
  case truncated(file: String, expectedBytes: Int, foundBytes: Int)
  /// The safetensors header breaks the format.
  case malformedHeader(file: String, reason: String)
  /// A JSON text is not valid; the reason begins with line and column.
  case malformedJSON(file: String, reason: String)
  /// The folder holds neither `model.safetensors` nor `model.safetensors.index.json`.
  case missingWeights(folder: String)
  /// No file of the folder holds the tensor.
  case missingTensor(file: String, tensor: String)
  /// The tensor has another shape than the configuration asks for.
  case wrongShape(file: String, tensor: String, expected: [Int], found: [Int])
  /// The tensor's element type cannot be computed with.
  case unsupportedType(file: String, tensor: String, found: String)
  /// The kernel refused to map memory.
  case outOfMemory(bytes: Int)

  /// One sentence that names the file, the tensor, what was expected and what was found.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file): \(reason)"
    case .truncated(let file, let expected, let found):
      "\(file): truncated: expected \(expected) bytes, found \(found)"
    case .malformedHeader(let file, let reason):
      "\(file): not a valid safetensors file: \(reason)"
    case .malformedJSON(let file, let reason):
      "\(file):\(reason)"
    case .missingWeights(let folder):
      "\(folder): neither model.safetensors nor model.safetensors.index.json found"
    case .missingTensor(let file, let tensor):
      "\(file): tensor \(tensor) is missing"
    case .wrongShape(let file, let tensor, let expected, let found):
      "\(file): tensor \(tensor): expected shape \(expected), found \(found)"
    case .unsupportedType(let file, let tensor, let found):
      "\(file): tensor \(tensor): element type \(found) is not supported (F32, BF16 and F16 are)"
    case .outOfMemory(let bytes):
      "could not map \(bytes) bytes of memory"
    }
  }
}

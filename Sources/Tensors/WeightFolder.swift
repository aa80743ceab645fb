import Glibc
import JSON

/// All tensors of a Hugging Face model folder: one `model.safetensors`, or shards listed by
/// `model.safetensors.index.json`.
public final class WeightFolder {
  /// The folder.
  public let path: String
  private var files: [SafetensorsFile] = []
  /// The file each tensor lies in, as an index into `files`.
  private var places: [String: Int] = [:]
  /// The tensors that were asked for.
  private var used: Set<String> = []
  /// f32 copies of tensors the kernels cannot read in place (f16).
  private var widened: [FloatBuffer] = []
  /// What ``linear(_:rows:columns:)`` makes of weights.
  public var packing = WeightPacking.inPlace(.float32)

  /// Opens every file of the folder and checks that each holds what the index promises.
  public init(path: String) throws(TensorsError) {
    self.path = path
    let single = path + "/model.safetensors"
    let index = single + ".index.json"
    if access(single, F_OK) == 0 {
      files = [try SafetensorsFile(path: single)]
      for name in files[0].names { places[name] = 0 }
    } else if access(index, F_OK) == 0 {
      try openShards(index)
    } else {
      throw .missingWeights(folder: path)
    }
  }

  private func openShards(_ index: String) throws(TensorsError) {
    let json = try MappedFile.json(path: index)
    guard let weightMap = json["weight_map"]?.members else {
      throw .malformedHeader(file: index, reason: "weight_map is missing")
    }
    var opened: [String: Int] = [:]
    for member in weightMap {
      guard let shard = member.value.string, !shard.contains("/") else {
        throw .malformedHeader(file: index, reason: "tensor \(member.name) names no file of this folder")
      }
      if opened[shard] == nil {
        opened[shard] = files.count
        files.append(try SafetensorsFile(path: path + "/" + shard))
      }
      places[member.name] = opened[shard]
    }
  }

  /// Lets go of the pages of all weights that were read, as after they were packed into another file.
  public func releasePages() {
    for file in files { file.releasePages() }
  }

  /// Whether some file promises the tensor.
  public func contains(_ name: String) -> Bool { places[name] != nil }

  /// Bytes of the tensors that were asked for: what a checkpoint holds besides, such as layers that draft
  /// tokens, is never touched.
  public var usedByteCount: Int {
    used.reduce(0) { sum, name in
      sum + (places[name].flatMap { files[$0].tensor(name) }?.bytes.count ?? 0)
    }
  }

  /// The files, in no order.
  public var paths: [String] { files.map(\.path) }

  /// Whether most of the bytes are bf16 numbers.
  public var isMostlyBF16: Bool {
    // Bytes of bf16 count for the answer, all others against it.
    places.reduce(0) { sum, place in
      guard let tensor = files[place.value].tensor(place.key) else { return sum }
      return sum + (tensor.elementType == .bf16 ? tensor.bytes.count : -tensor.bytes.count)
    } > 0
  }

  /// The tensor of that name and exactly that shape.
  public func tensor(_ name: String, shape: [Int]) throws(TensorsError) -> Tensor {
    guard let place = places[name] else {
      throw .missingTensor(file: files.count == 1 ? files[0].path : path, tensor: name)
    }
    guard let tensor = files[place].tensor(name) else {
      throw .missingTensor(file: files[place].path, tensor: name)
    }
    guard tensor.shape == shape else {
      throw .wrongShape(file: tensor.file, tensor: name, expected: shape, found: tensor.shape)
    }
    used.insert(name)
    return tensor
  }

  /// A weight matrix `[rows, columns]`, in place when it is f32 or bf16.
  ///
  /// - Important: Valid while this folder lives.
  public func matrix(_ name: String, rows: Int, columns: Int) throws(TensorsError) -> Matrix {
    try matrix(try tensor(name, shape: [rows, columns]), rows: rows, columns: columns)
  }

  /// `count` weight matrices stored one after the other as `[count, rows, columns]`.
  ///
  /// - Important: Valid while this folder lives.
  public func matrices(
    _ name: String, count: Int, rows: Int, columns: Int
  ) throws(TensorsError) -> [Matrix] {
    let tensor = try tensor(name, shape: [count, rows, columns])
    let all = try matrix(tensor, rows: count * rows, columns: columns)
    return (0..<count).map { all[rows: $0 * rows..<($0 + 1) * rows] }
  }

  private func matrix(_ tensor: Tensor, rows: Int, columns: Int) throws(TensorsError) -> Matrix {
    guard let storage = Matrix.Storage(tensor.elementType) else {
      let copy = try FloatBuffer(count: rows * columns)
      try tensor.widen(into: copy.base)
      widened.append(copy)
      return Matrix(UnsafeRawPointer(copy.base), storage: .f32, rows: rows, columns: columns)
    }
    guard let base = tensor.bytes.baseAddress else {
      throw .wrongShape(
        file: tensor.file, tensor: tensor.name, expected: [rows, columns], found: tensor.shape)
    }
    return Matrix(base, storage: storage, rows: rows, columns: columns)
  }

  /// A small vector, copied and widened to f32.
  public func vector(_ name: String, count: Int) throws(TensorsError) -> FloatBuffer {
    let tensor = try tensor(name, shape: [count])
    let copy = try FloatBuffer(count: count)
    try tensor.widen(into: copy.base)
    return copy
  }
}

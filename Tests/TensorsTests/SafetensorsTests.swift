import Glibc
import Tensors
import Testing

/// A folder that goes away with the object.
final class ScratchFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/dpdeploy-tensors-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TensorsError.unreadable(file: "/tmp", reason: "mkdtemp") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink(path + "/" + name)
      }
      closedir(folder)
    }
    rmdir(path)
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    let file = open(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
      throw TensorsError.unreadable(file: name, reason: "write")
    }
  }

  func writeSafetensors(_ name: String, header: String, data: [UInt8]) throws {
    let text = Array(header.utf8)
    try write(name, withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data)
  }
}

@Suite struct `Safetensors files` {
  private let header =
    #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}"#
  private let data: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]  // 1, 2

  private func error(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func `are read in place`() throws {
    let folder = try ScratchFolder()
    try folder.writeSafetensors("model.safetensors", header: header, data: data)
    let weights = try WeightFolder(path: folder.path)
    #expect(weights.usedByteCount == 0)
    let matrix = try weights.matrix("a", rows: 2, columns: 1)
    var row: Float = 0
    matrix.copyRow(1, to: &row)
    #expect(row == 2)
    #expect(weights.usedByteCount == 8)
  }

  @Test func `tell the file, the tensor and both shapes`() throws {
    let folder = try ScratchFolder()
    try folder.writeSafetensors("model.safetensors", header: header, data: data)
    let weights = try WeightFolder(path: folder.path)
    let file = folder.path + "/model.safetensors"
    #expect(
      error { _ = try weights.matrix("a", rows: 1, columns: 2) }
        == "\(file): tensor a: expected shape [1, 2], found [2, 1]")
    #expect(error { _ = try weights.matrix("b", rows: 1, columns: 2) } == "\(file): tensor b is missing")
  }

  @Test func `that are cut short say how much is missing`() throws {
    let folder = try ScratchFolder()
    let file = folder.path + "/model.safetensors"
    try folder.writeSafetensors("model.safetensors", header: header, data: Array(data.dropLast()))
    let whole = 8 + header.utf8.count + 8
    #expect(
      error { _ = try WeightFolder(path: folder.path) }
        == "\(file): truncated: expected \(whole) bytes, found \(whole - 1)")
    try folder.write("model.safetensors", [1, 2, 3])
    #expect(
      error { _ = try WeightFolder(path: folder.path) } == "\(file): truncated: expected 8 bytes, found 3")
    try folder.write("model.safetensors", [200, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(
      error { _ = try WeightFolder(path: folder.path) } == "\(file): truncated: expected 208 bytes, found 9")
    try folder.write("model.safetensors", [])
    #expect(
      error { _ = try WeightFolder(path: folder.path) } == "\(file): truncated: expected 8 bytes, found 0")
  }

  @Test func `of an empty or absent folder are told missing`() throws {
    let folder = try ScratchFolder()
    #expect(
      error { _ = try WeightFolder(path: folder.path) }
        == "\(folder.path): neither model.safetensors nor model.safetensors.index.json found")
    #expect(error { _ = try WeightFolder(path: "/nonexistent") }.hasPrefix("/nonexistent: neither"))
  }

  @Test(arguments: [
    #"[]"#, #"{"a":{}}"#, #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
    #"{"a":"#,
  ])
  func `with a broken header are refused`(header: String) throws {
    let folder = try ScratchFolder()
    try folder.writeSafetensors("model.safetensors", header: header, data: data)
    #expect(throws: TensorsError.self) { try WeightFolder(path: folder.path) }
  }

  @Test func `in shards are found through the index`() throws {
    let folder = try ScratchFolder()
    try folder.writeSafetensors("model-1.safetensors", header: header, data: data)
    try folder.writeSafetensors(
      "model-2.safetensors", header: #"{"b":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#,
      data: [0, 60, 0, 192])
    try folder.write(
      "model.safetensors.index.json",
      Array(
        #"{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors","c":"model-1.safetensors"}}"#
          .utf8))
    let weights = try WeightFolder(path: folder.path)
    _ = try weights.matrix("a", rows: 2, columns: 1)
    let vector = try weights.vector("b", count: 2)
    #expect(vector.base[0] == 1 && vector.base[1] == -2)
    #expect(
      error { _ = try weights.vector("c", count: 1) }
        == "\(folder.path)/model-1.safetensors: tensor c is missing")
  }

  @Test func `that the index promises but the folder lacks are named`() throws {
    let folder = try ScratchFolder()
    try folder.write("model.safetensors.index.json", Array(#"{"weight_map":{"a":"gone.safetensors"}}"#.utf8))
    #expect(
      error { _ = try WeightFolder(path: folder.path) }
        == "\(folder.path)/gone.safetensors: No such file or directory")
  }

  @Test func `in half precision cover subnormals, infinities and NaN`() throws {
    let folder = try ScratchFolder()
    try folder.writeSafetensors(
      "model.safetensors", header: #"{"a":{"dtype":"F16","shape":[5],"data_offsets":[0,10]}}"#,
      data: [1, 0, 0, 124, 0, 252, 1, 124, 255, 123])
    let vector = try WeightFolder(path: folder.path).vector("a", count: 5)
    #expect(vector.base[0] == 0x1p-24)
    #expect(vector.base[1] == .infinity && vector.base[2] == -.infinity)
    #expect(vector.base[3].isNaN)
    #expect(vector.base[4] == 65504)
  }
}

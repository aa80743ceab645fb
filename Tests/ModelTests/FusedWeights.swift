import Tensors

@testable import Model

/// A toy model's weights with each layer's experts joined to `experts.gate_up_proj` and `experts.down_proj`.
enum FusedWeights {
  private struct Record {
    var name: String
    var type: String
    var shape: [Int]
    var bytes: [UInt8]
  }

  /// The bytes of a safetensors file.
  static func bytes(of toy: Toy) throws -> [UInt8] {
    let file = try SafetensorsFile(path: toy.folder + "/model.safetensors")
    let model = try ModelConfiguration(folder: toy.folder)
    let names = file.names.filter { !$0.split(separator: ".").contains("experts") }
    var records = try names.map { name in
      let parts = name.split(separator: ".").map { $0 == "block_sparse_moe" ? "mlp" : String($0) }
      var record = try read(file, name)
      record.name = parts.joined(separator: ".")
      return record
    }
    for layer in model.moeLayers {
      records += try fused(file, "model.layers.\(layer)", experts: model.experts.count)
    }
    return encoded(records)
  }

  private static func fused(_ file: SafetensorsFile, _ layer: String, experts: Int) throws -> [Record] {
    let isNumbered = file.names.contains { $0.hasPrefix(layer + ".block_sparse_moe.") }
    let block = layer + (isNumbered ? ".block_sparse_moe" : ".mlp")
    let names = isNumbered ? ["w1", "w3", "w2"] : ["gate_proj", "up_proj", "down_proj"]
    let parts = try (0..<experts).map { expert in
      try names.map { try read(file, "\(block).experts.\(expert).\($0).weight") }
    }
    let gate = parts[0][0]
    let down = parts[0][2]
    return [
      Record(
        name: layer + ".mlp.experts.gate_up_proj", type: gate.type,
        shape: [experts, 2 * gate.shape[0], gate.shape[1]],
        bytes: parts.flatMap { $0[0].bytes + $0[1].bytes }),
      Record(
        name: layer + ".mlp.experts.down_proj", type: down.type, shape: [experts] + down.shape,
        bytes: parts.flatMap { $0[2].bytes }),
    ]
  }

  private static func read(_ file: SafetensorsFile, _ name: String) throws -> Record {
    guard let tensor = file.tensor(name) else {
      throw TensorsError.missingTensor(file: file.path, tensor: name)
    }
    return Record(
      name: name, type: tensor.elementType.rawValue, shape: tensor.shape, bytes: Array(tensor.bytes))
  }

  private static func encoded(_ records: [Record]) -> [UInt8] {
    var data: [UInt8] = []
    let entries = records.map { record in
      let start = data.count
      data += record.bytes
      return #""\#(record.name)":{"dtype":"\#(record.type)","shape":\#(record.shape),"#
        + #""data_offsets":[\#(start),\#(data.count)]}"#
    }
    let header = Array("{\(entries.joined(separator: ","))}".utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return length + header + data
  }
}

import JSON
import Testing

extension Fixtures {
  /// The rows of the tensor `<prompt>.logits` of the toy's golden.safetensors: one for each position of the prompt.
  static func goldenLogits(_ name: String) throws -> [[Float]] {
    let bytes = try Self.bytes(toy + "/golden.safetensors")
    let headerLength = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    let header = try JSONValue(parsing: Array(bytes[8..<8 + headerLength]))
    let tensor = try #require(header["\(name).logits"], "\(header.members?.map(\.name) ?? [])")
    let width = try #require(tensor["shape"]?.elements?.last?.integer)
    let offsets = try #require(tensor["data_offsets"]?.elements).compactMap(\.integer)
    let data = bytes[(8 + headerLength + offsets[0])..<(8 + headerLength + offsets[1])]
    return stride(from: data.startIndex, to: data.endIndex, by: 4 * width).map { row in
      (0..<width).map { column in
        let start = row + 4 * column
        return Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
      }
    }
  }
}

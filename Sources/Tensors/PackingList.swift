/// The linear layers of a model that are to be packed, and where each goes in the packed file.
///
/// Made by a first pass over the model's weights; the same model always gives the same list.
public final class PackingList {
  struct Item {
    let parts: [Matrix]
    let isTransposed: Bool
    let offset: Int
    let rows: Int
    let columns: Int
  }

  /// How the layers are packed.
  public let format: PackedFormat
  private(set) var items: [Item] = []
  private var indices: [String: Int] = [:]
  /// Bytes of all packed weights.
  public private(set) var byteCount = 0
  /// Bytes of the weights they are packed from.
  public private(set) var sourceBytes = 0

  /// Where items begin: on a page of their own, so that a page holds no two experts.
  static let alignment = 4096

  /// An empty list of layers to be packed in a format.
  public init(_ format: PackedFormat) { self.format = format }

  /// Adds a layer whose outputs are those of `parts`, tile by tile in turn.
  ///
  /// - Returns: A view of the right shape that must not be multiplied with.
  func add(_ name: String, _ parts: [Matrix], isTransposed: Bool) -> PackedMatrix {
    precondition(indices[name] == nil, "a layer is listed once")
    let first = parts[0]
    let rows = (isTransposed ? first.columns : first.rows) * parts.count
    let columns = isTransposed ? first.rows : first.columns
    indices[name] = items.count
    items.append(
      Item(parts: parts, isTransposed: isTransposed, offset: byteCount, rows: rows, columns: columns))
    let bytes = format.byteCount(rows: rows, columns: columns)
    byteCount += (bytes + Self.alignment - 1) / Self.alignment * Self.alignment
    sourceBytes += parts.reduce(0) { $0 + $1.bytes.count }
    return PackedMatrix(first.base, rows: rows, columns: columns, format: format)
  }

  func item(_ name: String) -> Item? { indices[name].map { items[$0] } }

  /// One line that differs when any layer's name, shape or place does.
  var fingerprint: String {
    var hash = StableHash()
    hash.add("\(format.rawValue)\n")
    for (name, index) in indices.sorted(by: { $0.value < $1.value }) {
      let item = items[index]
      hash.add("\(name) \(item.parts.count) \(item.rows) \(item.columns) \(item.offset)\n")
    }
    return hash.text
  }
}

extension PackingList.Item {
  /// Writes the packed weights to `target`, which has room for them.
  func pack(_ format: PackedFormat, to target: UnsafeMutableRawPointer) {
    let tileBytes = format.byteCount(rows: PackedMatrix.tileRows, columns: columns)
    for (index, part) in parts.enumerated() {
      format.pack(part, isTransposed: isTransposed, to: target + index * tileBytes, tileStride: parts.count)
    }
  }
}

/// FNV-1a over 64 bits: names files, and guards against mistakes rather than malice.
struct StableHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ text: String) {
    for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  /// Sixteen hexadecimal digits.
  var text: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

import JSON

/// A tensor as it lies in a mapped file: row-major, not aligned to anything.
public struct Tensor {
  /// Its name in the file.
  public let name: String
  /// The file it lies in, for error messages.
  public let file: String
  /// How its elements are stored.
  public let elementType: ElementType
  /// Its dimensions, outermost first.
  public let shape: [Int]
  /// Its bytes; valid while the file is mapped.
  public let bytes: UnsafeRawBufferPointer
}

/// One `.safetensors` file: an 8-byte little-endian header length, a JSON header, the data.
///
/// Format: https://huggingface.co/docs/safetensors. Every promise of the header is checked against the
/// file's real size when it is opened, so later reads cannot run past its end.
public final class SafetensorsFile {
  private struct Record {
    let elementType: ElementType
    let shape: [Int]
    let range: Range<Int>
  }

  /// Where the file was found.
  public let path: String
  private let map: MappedFile
  private var records: [String: Record] = [:]

  /// Lets go of the pages that were read.
  func releasePages() { map.releasePages() }

  /// Opens and checks the file at `path`.
  public init(path: String) throws(TensorsError) {
    self.path = path
    map = try MappedFile(path: path)
    let bytes = map.bytes
    guard bytes.count >= 8 else { throw .truncated(file: path, expectedBytes: 8, foundBytes: bytes.count) }
    let headerBytes = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard headerBytes < 1 << 32 else {
      throw .malformedHeader(file: path, reason: "a header of \(headerBytes) bytes is announced")
    }
    let dataStart = 8 + Int(headerBytes)
    guard dataStart <= bytes.count else {
      throw .truncated(file: path, expectedBytes: dataStart, foundBytes: bytes.count)
    }
    let header = try MappedFile.json(UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]), file: path)
    guard let members = header.members else {
      throw .malformedHeader(file: path, reason: "the header is not an object")
    }
    for member in members where member.name != "__metadata__" {
      let record = try record(name: member.name, value: member.value, dataStart: dataStart)
      guard records.updateValue(record, forKey: member.name) == nil else {
        throw .malformedHeader(file: path, reason: "tensor \(member.name) appears twice")
      }
    }
    let end = records.values.map(\.range.upperBound).max() ?? dataStart
    guard end <= bytes.count else {
      throw .truncated(file: path, expectedBytes: end, foundBytes: bytes.count)
    }
  }

  /// The names of all tensors, in no order.
  public var names: some Collection<String> { records.keys }

  /// The tensor of that name, or nil.
  public func tensor(_ name: String) -> Tensor? {
    records[name].map {
      Tensor(
        name: name, file: path, elementType: $0.elementType, shape: $0.shape,
        bytes: UnsafeRawBufferPointer(rebasing: map.bytes[$0.range]))
    }
  }

  private func record(name: String, value: JSONValue, dataStart: Int) throws(TensorsError) -> Record {
    guard let typeName = value["dtype"]?.string, let dimensions = value["shape"]?.elements,
      let offsets = value["data_offsets"]?.elements
    else { throw .malformedHeader(file: path, reason: "tensor \(name) lacks dtype, shape or data_offsets") }
    guard let elementType = ElementType(rawValue: typeName) else {
      throw .unsupportedType(file: path, tensor: name, found: typeName)
    }
    let shape = dimensions.compactMap(\.size)
    let bounds = offsets.compactMap(\.size)
    guard shape.count == dimensions.count, bounds.count == 2, bounds[0] <= bounds[1], bounds[1] < 1 << 56
    else { throw .malformedHeader(file: path, reason: "tensor \(name) has an impossible shape or place") }
    guard let byteCount = Self.byteCount(shape, elementType), byteCount == bounds[1] - bounds[0] else {
      throw .malformedHeader(
        file: path,
        reason: "tensor \(name): shape \(shape) of \(typeName) does not fill \(bounds[1] - bounds[0]) bytes")
    }
    return Record(
      elementType: elementType, shape: shape, range: dataStart + bounds[0]..<dataStart + bounds[1])
  }

  private static func byteCount(_ shape: [Int], _ elementType: ElementType) -> Int? {
    var product = elementType.byteCount
    for dimension in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      product = next
    }
    return product
  }
}

extension JSONValue {
  /// The value as a size or offset, or nil.
  fileprivate var size: Int? {
    guard case .integer(let value) = self, value >= 0 else { return nil }
    return value
  }
}

/// Writes values of `Encodable` types as JSON, several times faster than Foundation's encoder and to the same bytes.
///
/// The members of objects stand in the order of their names, slashes as they are. What JSON cannot say, a number that is
/// not finite, becomes `null`.
public enum JSONPrinter {
  /// The value as JSON; on one line, or on many with a margin.
  public static func print(_ value: some Encodable, isPretty: Bool = false) throws -> [UInt8] {
    let sink = JSONSink()
    try JSONFrame.write(value, to: sink)
    return isPretty ? JSONMargins.adding(to: sink.bytes) : sink.bytes
  }
}

/// Where values are written one behind the other, before they are put in order.
///
/// Nothing is read while it is written to, which is plain to see in these few lines; to have it checked at every access
/// would take half of the time.
final class JSONSink {
  @exclusivity(unchecked) var bytes: [UInt8] = []
  /// What is put in order now.
  @exclusivity(unchecked) fileprivate var ordered: [UInt8] = []
  /// Frames to be used again.
  @exclusivity(unchecked) fileprivate var spare: [JSONFrame] = []
  @exclusivity(unchecked) fileprivate var layouts: [JSONLayout.Kind: JSONLayout] = [:]

  func raw(_ text: StaticString) { text.withUTF8Buffer { bytes.append(contentsOf: $0) } }

  func write(_ number: some BinaryFloatingPoint & CustomStringConvertible) {
    guard number.isFinite else { return raw("null") }
    let text = number.description
    bytes.append(contentsOf: text.utf8)
    // A whole number needs no fraction.
    if text.hasSuffix(".0") { bytes.removeLast(2) }
  }

  func write(_ number: some BinaryInteger) { bytes.append(contentsOf: String(number).utf8) }

  func write(_ text: String) { bytes.append(jsonString: text) }
}

/// One value that is being written: nothing yet, a scalar that stands in the sink, an array or an object.
final class JSONFrame: Encoder, SingleValueEncodingContainer {
  /// A member or an element: where it stands in the sink, or what is not put in order yet.
  private struct Part {
    let name: String
    let range: Range<Int>
    var open: JSONFrame?
  }

  private enum Kind { case scalar, array, object }

  let sink: JSONSink
  @exclusivity(unchecked) private var kind = Kind.scalar
  @exclusivity(unchecked) private var keys: ObjectIdentifier?
  @exclusivity(unchecked) private var parts: [Part] = []

  private init(_ sink: JSONSink) { self.sink = sink }

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// Writes a whole value; what it needs beyond its place in the sink is let go of.
  static func write(_ value: some Encodable, to sink: JSONSink) throws {
    let start = sink.bytes.count
    let frame = sink.spare.popLast() ?? JSONFrame(sink)
    try value.encode(to: frame)
    if frame.kind != .scalar {
      sink.ordered.removeAll(keepingCapacity: true)
      frame.assemble()
      sink.bytes.replaceSubrange(start..., with: sink.ordered)
    } else if sink.bytes.count == start {
      // A value that wrote nothing has nothing to say.
      sink.raw("{}")
    }
    frame.reset()
    sink.spare.append(frame)
  }

  private func reset() {
    kind = .scalar
    keys = nil
    parts.removeAll(keepingCapacity: true)
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    kind = .object
    keys = ObjectIdentifier(type)
    return KeyedEncodingContainer(JSONObject(frame: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    kind = .array
    return JSONArray(frame: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  var count: Int { parts.count }

  /// Notes what `body` writes as the next element, or as the member of a name.
  func add(_ name: String = "", _ body: (JSONSink) throws -> Void) rethrows {
    let start = sink.bytes.count
    try body(sink)
    parts.append(Part(name: name, range: start..<sink.bytes.count))
  }

  /// A part that is written bit by bit.
  func open(_ name: String = "") -> JSONFrame {
    let frame = JSONFrame(sink)
    parts.append(Part(name: name, range: 0..<0, open: frame))
    return frame
  }

  private func assemble() {
    switch kind {
    case .scalar: sink.ordered.append(contentsOf: "{}".utf8)
    case .array:
      sink.ordered.append(UInt8(ascii: "["))
      for (place, part) in parts.enumerated() {
        if place > 0 { sink.ordered.append(UInt8(ascii: ",")) }
        append(part)
      }
      sink.ordered.append(UInt8(ascii: "]"))
    case .object:
      sink.ordered.append(UInt8(ascii: "{"))
      for (rank, entry) in layout.entries.enumerated() {
        if rank > 0 { sink.ordered.append(UInt8(ascii: ",")) }
        sink.ordered.append(contentsOf: entry.label)
        append(parts[entry.place])
      }
      sink.ordered.append(UInt8(ascii: "}"))
    }
  }

  private func append(_ part: Part) {
    if let open = part.open {
      open.assemble()
    } else {
      sink.ordered.append(contentsOf: sink.bytes[part.range])
    }
  }

  /// The order of the members, which most values of a type share.
  private var layout: JSONLayout {
    let kind = JSONLayout.Kind(keys: keys, count: parts.count)
    if let known = sink.layouts[kind], parts.indices.allSatisfy({ known.names[$0] == parts[$0].name }) {
      return known
    }
    let layout = JSONLayout(names: parts.map(\.name))
    sink.layouts[kind] = layout
    return layout
  }

  func encodeNil() { sink.raw("null") }
  func encode(_ value: Bool) { sink.raw(value ? "true" : "false") }
  func encode(_ value: String) { sink.write(value) }
  func encode(_ value: Double) { sink.write(value) }
  func encode(_ value: Float) { sink.write(value) }
  func encode(_ value: Int) { sink.write(value) }
  func encode(_ value: Int8) { sink.write(value) }
  func encode(_ value: Int16) { sink.write(value) }
  func encode(_ value: Int32) { sink.write(value) }
  func encode(_ value: Int64) { sink.write(value) }
  func encode(_ value: UInt) { sink.write(value) }
  func encode(_ value: UInt8) { sink.write(value) }
  func encode(_ value: UInt16) { sink.write(value) }
  func encode(_ value: UInt32) { sink.write(value) }
  func encode(_ value: UInt64) { sink.write(value) }
  func encode(_ value: some Encodable) throws { try value.encode(to: self) }
}

/// The members of an object in the order of their names; of those with the same name the last counts.
private struct JSONLayout {
  struct Kind: Hashable {
    let keys: ObjectIdentifier?
    let count: Int
  }

  let names: [String]
  /// Each member's name as it is written, and its place among all.
  let entries: [(label: [UInt8], place: Int)]

  init(names: [String]) {
    self.names = names
    let sorted = names.indices.sorted { (names[$0], $0) < (names[$1], $1) }
    let last = sorted.indices.filter { rank in
      rank + 1 == sorted.count || names[sorted[rank + 1]] != names[sorted[rank]]
    }
    entries = last.map { rank in
      var label: [UInt8] = []
      label.append(jsonString: names[sorted[rank]])
      return (label + [UInt8(ascii: ":")], sorted[rank])
    }
  }
}

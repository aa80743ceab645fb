import Telemetry

/// Reads what ``HistoryWriter`` wrote; whatever the bytes are, it ends with a value or nil.
struct HistoryReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func read() -> UInt64? {
    var number: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      number |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return number }
    }
    return nil
  }

  mutating func read(below limit: Int) -> Int? {
    guard let number = read(), number < UInt64(limit) else { return nil }
    return Int(number)
  }

  mutating func readColumn(_ count: Int) -> [Int64]? {
    var column: [Int64] = []
    var before: Int64 = 0
    while column.count < count {
      guard let word = read() else { return nil }
      if word == 0 {
        guard let run = read(below: count - column.count + 1), run > 0 else { return nil }
        column += repeatElement(before, count: run)
      } else {
        before &+= Int64(bitPattern: word >> 1) ^ -Int64(word & 1)
        column.append(before)
      }
    }
    return column
  }

  mutating func readSketches(_ count: Int) -> [QuantileSketch]? {
    var sketches: [QuantileSketch] = []
    while sketches.count < count {
      guard let buckets = read(below: HistoryBuckets.count + 1) else { return nil }
      if buckets == 0 {
        guard let run = read(below: count - sketches.count + 1), run > 0 else { return nil }
        sketches += repeatElement(QuantileSketch(), count: run)
      } else {
        guard let sketch = readSketch(buckets) else { return nil }
        sketches.append(sketch)
      }
    }
    return sketches
  }

  private mutating func readSketch(_ buckets: Int) -> QuantileSketch? {
    guard let first = read(below: HistoryBuckets.count - buckets + 1) else { return nil }
    var counts: [Int64] = []
    while counts.count < buckets {
      guard let count = read(below: 1 << 48) else { return nil }
      if count > 0 {
        counts.append(Int64(count))
      } else {
        guard let run = read(below: buckets - counts.count + 1), run > 0 else { return nil }
        counts += repeatElement(0, count: run)
      }
    }
    return HistoryBuckets.sketch(first: first, counts: counts)
  }
}

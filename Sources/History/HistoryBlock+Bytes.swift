import Telemetry

/// The form in which blocks are stored: each field's differences from step to step, in as few bytes as they need, and runs
/// of equal steps as one. An idle hour of a group of sixteen takes a few kilobytes.
extension HistoryBlock {
  private static let format: UInt8 = 1

  /// The block as bytes.
  public var bytes: [UInt8] {
    var writer = HistoryWriter()
    writer.write(UInt64(Self.format))
    writer.write(UInt64(HistoryField.allCases.count))
    for (series, samples) in series.sorted(by: { $0.key < $1.key }) {
      switch series {
      case .application: writer.write(0)
      case .rank(let group, let rank):
        writer.write(UInt64(group) + 1)
        writer.write(UInt64(rank))
      }
      for field in HistoryField.allCases { writer.writeColumn(samples.map { $0?[field] ?? 0 }) }
      writer.writeSketches(samples.map { $0?.ttft })
      writer.writeSketches(samples.map { $0?.tpot })
    }
    return writer.bytes
  }

  /// Reads what ``bytes`` wrote; nil when that is damaged.
  public init?(step: Int, start: Int, bytes: [UInt8]) {
    self.init(step: step, holding: start)
    var reader = HistoryReader(bytes)
    // A version of ours may know more fields than the writer did, and takes the others for unknown.
    guard self.start == start, reader.read() == UInt64(Self.format),
      let fields = reader.read(below: HistoryField.allCases.count + 1)
    else { return nil }
    while !reader.isAtEnd {
      guard let series = Self.series(&reader), let samples = Self.samples(&reader, fields) else { return nil }
      self.series[series] = samples
    }
  }

  private static func series(_ reader: inout HistoryReader) -> Series? {
    guard let group = reader.read(below: 1 << 20) else { return nil }
    guard group > 0 else { return .application }
    return reader.read(below: 1 << 20).map { .rank(group: group - 1, rank: $0) }
  }

  private static func samples(_ reader: inout HistoryReader, _ fields: Int) -> [HistorySample?]? {
    var columns: [[Int64]] = []
    for _ in 0..<fields {
      guard let column = reader.readColumn(steps) else { return nil }
      columns.append(column)
    }
    columns += repeatElement(Array(repeating: 0, count: steps), count: HistoryField.allCases.count - fields)
    guard let ttft = reader.readSketches(steps), let tpot = reader.readSketches(steps) else { return nil }
    return (0..<steps).map { place in
      let sample = HistorySample(
        numbers: columns.map { $0[place] }, ttft: ttft[place], tpot: tpot[place])
      return sample.isEmpty ? nil : sample
    }
  }
}

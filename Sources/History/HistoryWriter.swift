import Telemetry

/// Writes numbers in as few bytes as they need: seven bits each, the highest says that more follow.
struct HistoryWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Writes each number as its difference from the one before; a zero stands for a run of so many.
  mutating func writeColumn(_ column: [Int64]) {
    var (before, run) = (Int64(0), 0)
    for number in column {
      guard number != before else {
        run += 1
        continue
      }
      end(&run)
      let difference = number &- before
      // Small differences of either sign become small numbers.
      write(UInt64(bitPattern: (difference << 1) ^ (difference >> 63)))
      before = number
    }
    end(&run)
  }

  /// Writes each sketch as the counts from its first bucket to its last; a zero stands for a run of so many without any,
  /// be it sketches or buckets.
  mutating func writeSketches(_ sketches: [QuantileSketch?]) {
    var run = 0
    for sketch in sketches {
      let (first, counts) = HistoryBuckets.counts(of: sketch ?? QuantileSketch())
      guard !counts.isEmpty else {
        run += 1
        continue
      }
      end(&run)
      write(UInt64(counts.count))
      write(UInt64(first))
      var zeros = 0
      for count in counts {
        if count == 0 {
          zeros += 1
        } else {
          end(&zeros)
          write(UInt64(count))
        }
      }
    }
    end(&run)
  }

  private mutating func end(_ run: inout Int) {
    guard run > 0 else { return }
    write(0)
    write(UInt64(run))
    run = 0
  }
}

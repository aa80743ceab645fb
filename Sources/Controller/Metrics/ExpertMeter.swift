import Platform
import Telemetry

/// The load of a rank's experts over the last ten to twenty seconds.
@Loop
final class ExpertMeter {
  private typealias Reading = (rows: [UInt64], time: Double)

  private let path: String
  private var reader: ExpertTableReader?
  private var base: Reading?
  private var middle: Reading?
  private static let turn = 10.0

  /// Reads the table beside the stats page, once it is there.
  init(statsPage: String) { path = statsPage + ".experts" }

  /// Layers and experts of a layer; nil while there is no table.
  var shape: (layers: Int, experts: Int)? { reader.map { ($0.layers, $0.experts) } }

  /// Keeps a reading to compare with; costs nothing but every tenth second.
  func tick(at now: Double) {
    if reader == nil { reader = try? ExpertTableReader(path: path) }
    guard let reader else { return }
    guard let middle else {
      self.middle = (reader.rows(), now)
      base = self.middle
      return
    }
    guard now - middle.time >= Self.turn else { return }
    base = middle
    self.middle = (reader.rows(), now)
  }

  /// The rows of every expert, layer by layer, since the older reading, and how long that is; nil before one.
  func recent(at now: Double) -> (rows: [UInt64], seconds: Double)? {
    guard let reader, let base, now > base.time else { return nil }
    let rows = zip(reader.rows(), base.rows).map { $0 >= $1 ? $0 - $1 : $0 }
    return (rows, now - base.time)
  }
}

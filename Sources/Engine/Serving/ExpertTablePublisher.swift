import ExpertParallel
import Platform
import Telemetry

/// Shows the load of each expert beside the rank's stats page, for the controller.
@Loop
struct ExpertTablePublisher {
  private let table: ExpertTableWriter
  private let load: ExpertLoad

  /// The table lies where the stats page does, under its name and `.experts`.
  init(_ load: ExpertLoad, statsPage: String) throws(StatsPageError) {
    self.load = load
    table = try ExpertTableWriter(
      path: statsPage + ".experts", layers: load.layers, experts: load.expertCount)
  }

  /// Copies the counts of the experts that this rank has computed.
  func publish() {
    for expert in load.experts {
      for layer in 0..<load.layers {
        table.set(load.rows(layer: layer, expert: expert), layer: layer, expert: expert)
      }
    }
  }
}

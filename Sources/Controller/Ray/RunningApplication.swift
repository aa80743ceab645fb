import ControlAPI
import Deployment
import Platform

/// What the controller does with every application, wherever it runs.
@Loop
protocol RunningApplication: AnyObject {
  /// What was applied last.
  var stored: StoredApplication { get }
  /// Everything that is known of it now.
  var status: ApplicationStatus { get }
  /// Whether the controller is letting go of it.
  var isClosing: Bool { get }
  /// The last revision that was healthy.
  var lastHealthy: Int? { get }
  /// The seconds after the one numbered `cursor`, for charts.
  func points(after cursor: Int) -> [HistoryPoint]
  /// How it did over the last `window` seconds.
  func metrics(over window: Double) -> ApplicationMetrics
  /// A look into it, over the last `window` seconds.
  func insight(over window: Double, wall: Double) -> Insight
  /// The minute that goes on.
  var recorder: HistoryRecorder { get }
  /// Takes the second's readings.
  func sample(sequence: Int, wall: Double)
  /// Takes the application down.
  func delete()
  /// The failed revision stays.
  func giveUpRollback()
  /// Records an event.
  func record(_ record: EventRecord)
  /// Lets go of it because the controller goes.
  func leave()
}

extension ApplicationRunner: RunningApplication {
  var lastHealthy: Int? { state.rollout.lastHealthy }

  func metrics(over window: Double) -> ApplicationMetrics { meter.metrics(over: window) }

  func points(after cursor: Int) -> [HistoryPoint] {
    meter.history.lazy.filter { $0.sequence > cursor }.map(\.point)
  }
}

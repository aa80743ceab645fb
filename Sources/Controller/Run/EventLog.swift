import ControlAPI
import Deployment
import Platform
import Telemetry

/// What happened, numbered; the newest stay in memory, all go to the store.
@Loop
final class EventLog {
  private var events: Ring<(cursor: Int, event: Event)>
  private var next: Int
  private let store: StoreQueue
  /// Numbers events and seconds together, for readers who want all that is new.
  ///
  /// It starts at the clock's milliseconds, so that it grows over restarts of the controller too.
  private(set) var cursor: Int

  init(_ stored: [Event], _ store: StoreQueue) {
    cursor = Int(WallClock.secondsSinceEpoch * 1000)
    events = Ring(capacity: Store.keptEvents)
    for event in stored { events.append((cursor, event)) }
    next = (stored.last?.sequence ?? 0) + 1
    self.store = store
  }

  /// Takes the next number, for something that is kept elsewhere.
  func takeNumber() -> Int {
    cursor += 1
    return cursor
  }

  /// Records what happened to `application`.
  func append(_ record: EventRecord, application: String, lastLines: [String]? = nil) {
    let event = Event(
      sequence: next, time: Timestamp.now, application: application, severity: record.severity,
      reason: record.kind.rawValue, replica: record.subject, message: record.message, lastLines: lastLines)
    next += 1
    events.append((takeNumber(), event))
    store.add([.event(event)])
    log(event)
  }

  /// The events after the one numbered `sequence`, oldest first.
  func events(after sequence: Int, application: String?) -> [Event] {
    events.lazy.map(\.event).filter {
      $0.sequence > sequence && (application == nil || $0.application == application)
    }
  }

  /// The events after `cursor`, oldest first; all when it is of another time.
  func events(afterCursor cursor: Int) -> [Event] {
    events.lazy.filter { $0.cursor > cursor }.map(\.event)
  }

  /// The number of the newest event.
  var newest: Int { next - 1 }

  private func log(_ event: Event) {
    let about = event.replica.map { " \($0)" } ?? ""
    ProcessLog.write(
      "\(event.severity.rawValue) \(event.application)\(about): \(event.reason) \(event.message)")
  }
}

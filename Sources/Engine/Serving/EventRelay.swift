import Platform
import Synchronization

/// Carries the compute thread's events to the loop's thread, waking it once for all that wait.
final class EventRelay: Sendable {
  private let events = Mutex<[EngineEvent]>([])
  private let handler: @Loop @Sendable ([EngineEvent]) -> Void

  init(_ handler: @escaping @Loop @Sendable ([EngineEvent]) -> Void) { self.handler = handler }

  /// Adds an event; callable from any thread.
  func post(_ event: EngineEvent) {
    let isFirst = events.withLock { events in
      events.append(event)
      return events.count == 1
    }
    if isFirst { Loop.task { self.deliver() } }
  }

  @Loop
  private func deliver() {
    handler(
      events.withLock { events in
        let taken = events
        events.removeAll(keepingCapacity: true)
        return taken
      })
  }
}

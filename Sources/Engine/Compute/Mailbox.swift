import Synchronization

/// Messages from the loop's thread to the compute thread.
final class Mailbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  private let wake: @Sendable () -> Void

  /// - Parameter wake: called after each message, to end a sleep of the receiver.
  init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  /// Adds a message and wakes the receiver.
  func post(_ message: Message) {
    messages.withLock { $0.append(message) }
    wake()
  }

  /// All messages, oldest first.
  func takeAll() -> [Message] {
    messages.withLock { messages in
      guard !messages.isEmpty else { return [] }
      defer { messages = [] }
      return messages
    }
  }
}

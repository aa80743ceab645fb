import Glibc
import Platform
import Terminal

/// Reads the user's keys without ever blocking.
///
/// The terminal is not set non-blocking: that would hold for its output too, which shares the open file, and tear frames.
@Loop
final class TerminalInput {
  /// Longer than a terminal takes between the bytes of one key, shorter than a person notices.
  private static let escapeTimeout = Duration.milliseconds(25)
  /// More than anyone types, or a wheel turns, between two looks; what comes faster is a file or a noise on the line.
  private static let mostEvents = 256

  private let descriptor: AsyncDescriptor
  private var decoder = InputDecoder()

  init() throws(SystemError) {
    let copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw SystemError(call: "fcntl", code: errno) }
    descriptor = try AsyncDescriptor(FileDescriptor(owning: copy))
  }

  /// What the user did next; nil when the terminal is gone.
  ///
  /// Of a flood only the last event is taken, so that it neither commands anything nor keeps the next key waiting.
  func next() async -> [InputEvent]? {
    while true {
      guard let bytes = readAvailable() else { return nil }
      let events = decoder.decode(bytes)
      if !events.isEmpty { return events.count > Self.mostEvents ? Array(events.suffix(1)) : events }
      let deadline = decoder.isPending ? Instant.after(Self.escapeTimeout) : .never
      switch await descriptor.readable(until: deadline) {
      case .ready: continue
      case .timedOut: return decoder.flush()
      case .closed: return nil
      }
    }
  }

  /// All bytes that are there now; nil at the end.
  private func readAvailable() -> [UInt8]? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    // A bound, so that a flood on the input cannot keep the screen from being drawn.
    while bytes.count < 65_536 {
      var state = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
      guard poll(&state, 1, 0) > 0 else { break }
      let count = Glibc.read(descriptor.raw, &chunk, chunk.count)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { return bytes.isEmpty ? nil : bytes }
      bytes += chunk.prefix(count)
    }
    return bytes
  }
}

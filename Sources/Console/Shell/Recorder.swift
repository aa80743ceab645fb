import Glibc
import Platform

/// Writes what comes to a file, line by line.
@Loop
final class Recorder {
  let path: String
  private var descriptor: Int32

  private init(_ path: String, _ descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Begins a new file that only its owner may read.
  static func open(_ path: String) -> Result<Recorder, FileProblem> {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return .failure(.current) }
    let recorder = Recorder(path, descriptor)
    recorder.write(RecordingFile.head)
    return .success(recorder)
  }

  /// Keeps what a recording holds of an event.
  func note(_ event: ConsoleEvent) {
    let now = WallClock.secondsSinceEpoch
    switch event {
    case .snapshot(let snapshot): write(RecordingFile.line(RecordedLine(time: now, snapshot: snapshot)))
    case .insight(let name, .success(let look)):
      write(RecordingFile.line(RecordedLine(time: now, insight: look, application: name)))
    default: break
    }
  }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// A disk that is full ends the recording, not the console.
  private func write(_ line: String) {
    var bytes = Array((line + "\n").utf8)[...]
    while descriptor >= 0, !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return close() }
      bytes = bytes.dropFirst(count)
    }
  }
}

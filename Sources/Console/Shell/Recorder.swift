import ControlAPI
import Glibc
import Platform

/// Writes what comes to a file, line by line.
@Loop
final class Recorder {
  let path: String
  private var descriptor: Int32
  /// Up to when the latencies of each application's seconds have been written.
  private var toldUntil: [String: Double] = [:]

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
      let line = RecordedLine(time: now, insight: withoutKnownSeconds(look, of: name), application: name)
      write(RecordingFile.line(line))
    default: break
    }
  }

  /// Every look tells the last ten minutes again; each second is written once.
  private func withoutKnownSeconds(_ look: Insight, of application: String) -> Insight {
    var look = look
    let known = toldUntil[application] ?? -.infinity
    for index in look.latency.distributions.indices {
      look.latency.distributions[index].columns.removeAll { $0.time <= known }
      let last = look.latency.distributions[index].columns.last?.time ?? known
      toldUntil[application] = max(toldUntil[application] ?? known, last)
    }
    return look
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

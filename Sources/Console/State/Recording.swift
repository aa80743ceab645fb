public import ControlAPI
import JSON

/// A line of a recording: what came, and when.
///
/// Files of such lines are bug reports and fixtures.
public struct RecordedLine: Codable, Sendable, Equatable {
  /// Seconds since 1970.
  public var time: Double
  /// The controller's answer of that second.
  public var snapshot: Snapshot?
  /// A look into an application.
  public var insight: Insight?
  /// Whose look it is.
  public var application: String?

  enum CodingKeys: String, CodingKey {
    case time = "t"
    case snapshot, insight, application
  }

  /// Records an answer.
  public init(time: Double, snapshot: Snapshot) {
    self.time = time
    self.snapshot = snapshot
  }

  /// Records a look.
  public init(time: Double, insight: Insight, application: String) {
    self.time = time
    self.insight = insight
    self.application = application
  }
}

/// A recording that is looked at.
public struct Replay: Sendable, Equatable {
  /// Whether time goes on.
  var isPlaying = true
}

/// Reads and writes recordings: a line of JSON each, the first one says what the file is.
enum RecordingFile {
  static let head = #"{"kind":"Recording","apiVersion":"dpdeploy/v1"}"#

  static func line(_ line: RecordedLine) -> String {
    // What came from JSON can be said in it.
    (try? JSONPrinter.print(line)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// The lines of a file's text; one that was cut off at the end is left out.
  static func read(_ text: String) -> Result<[RecordedLine], FileProblem> {
    var rows = text.split(separator: "\n")
    guard rows.first.map({ $0.contains(#""kind":"Recording""#) }) == true else {
      return .failure(FileProblem(text: "not a recording of dptop"))
    }
    rows.removeFirst()
    var lines: [RecordedLine] = []
    for (index, row) in rows.enumerated() {
      guard let line = try? JSONReader.decode(RecordedLine.self, from: Array(row.utf8)) else {
        if index == rows.count - 1 { break }
        return .failure(FileProblem(text: "line \(index + 2) cannot be read"))
      }
      lines.append(line)
    }
    return lines.isEmpty ? .failure(FileProblem(text: "it holds nothing")) : .success(lines)
  }
}

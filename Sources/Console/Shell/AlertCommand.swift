import ControlAPI
import JSON
import Platform
import Supervision

/// Runs the user's command for alerts: a few at once, for each hint one at a time, none for long.
@Loop
final class AlertCommand {
  /// How long one may take.
  private static let patience = Duration.seconds(30)
  private static let mostAtOnce = 4

  private let line: String
  /// Takes over why an alert's command has failed.
  private let complain: @Loop (String) -> Void
  private var running: Set<Alert.Key> = []
  private var waiting: [Alert] = []

  init(_ line: String, complain: @escaping @Loop (String) -> Void) {
    self.line = line
    self.complain = complain
  }

  /// Runs it for an alert, as soon as its turn comes.
  func run(_ alert: Alert) {
    guard !running.contains(alert.key), !waiting.contains(where: { $0.key == alert.key }) else {
      return complain("alert command: still at work on the last \(alert.hint.id)")
    }
    waiting.append(alert)
    startNext()
  }

  private func startNext() {
    guard running.count < Self.mostAtOnce, !waiting.isEmpty else { return }
    let alert = waiting.removeFirst()
    running.insert(alert.key)
    Loop.task {
      let problem = await self.problem(of: alert)
      self.running.remove(alert.key)
      if let problem { self.complain("alert command for \(alert.hint.id): \(problem)") }
      self.startNext()
    }
  }

  /// Runs it to its end; nil when all went well.
  private func problem(of alert: Alert) async -> String? {
    do {
      let run = try await CapturedRun(
        "/bin/sh", ["-c", line], environment: Environment.all + Self.variables(alert),
        input: try JSONPrinter.print(alert), until: .after(Self.patience))
      guard let status = run.status else { return "not done within 30 s, and killed" }
      guard status != .exited(0) else { return nil }
      let words = run.errors.split(separator: "\n").last.map { ": \($0)" } ?? ""
      return "\(status)\(words)"
    } catch {
      return "\(error)"
    }
  }

  private static func variables(_ alert: Alert) -> [String] {
    let hint = alert.hint
    return [
      ("APPLICATION", alert.application), ("ID", hint.id), ("SEVERITY", hint.severity.rawValue),
      ("TITLE", hint.title), ("REPLICA", hint.replica ?? ""), ("ADVICE", hint.advice),
      ("EVIDENCE", hint.evidence.map(\.text).joined(separator: "; ")),
    ].map { "DPTOP_ALERT_\($0)=\($1)" }
  }
}

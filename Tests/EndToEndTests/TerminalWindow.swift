import Platform
import Testing

/// A terminal of 80x24 in a tmux server of its own, in which a program runs.
@Loop
struct TerminalWindow {
  private let stage: Stage
  /// Names the server's socket; that of the stage's folder is nobody else's.
  private let server: String

  init(_ stage: Stage) {
    self.stage = stage
    server = String(stage.folder.drop { $0 != "-" }.dropFirst())
  }

  /// Opens the window and starts `line`, a shell's command line, in it; the window stays when the program ends.
  func open(_ line: String) async throws {
    try await tmux(
      "start-server", ";", "set-option", "-g", "default-terminal", "xterm-256color", ";", "set-option", "-g",
      "remain-on-exit", "on", ";", "new-session", "-d", "-x", "80", "-y", "24", line)
  }

  /// Starts another line in the window, whose program must have ended.
  func reopen(_ line: String) async throws { try await tmux("respawn-pane", line) }

  /// Presses keys, by tmux's names.
  func press(_ keys: String...) async throws {
    try await tmux(["send-keys"] + keys)
  }

  /// Waits until the window shows all of `texts`.
  func shows(_ texts: String..., within limit: Duration = .seconds(30)) async throws {
    _ = try await lines(showing: texts, within: limit)
  }

  /// Waits until the window shows all of `texts` and `isRight` accepts its lines; gives these, what has scrolled away
  /// included, and each whole where the window had to break it.
  @discardableResult
  func lines(
    showing texts: [String], within limit: Duration = .seconds(30),
    _ isRight: @Loop ([Substring]) -> Bool = { _ in true }
  ) async throws -> [Substring] {
    var last = ""
    return try await wait(for: "\(texts)", within: limit, detail: { last }) {
      last = try await tmux("capture-pane", "-p", "-J", "-S", "-").output
      let lines = last.split(separator: "\n", omittingEmptySubsequences: false)
      return texts.allSatisfy { last.contains($0) } && isRight(lines) ? lines : nil
    }
  }

  /// Ends the server and what still runs in it.
  func close() async {
    _ = try? await tmux("kill-server")
  }

  @discardableResult
  private func tmux(_ words: String...) async throws -> Run { try await tmux(words) }

  @discardableResult
  private func tmux(_ words: [String]) async throws -> Run {
    let run = try await stage.run("/usr/bin/env", ["tmux", "-L", server, "-f", "/dev/null", "-u"] + words)
    try #require(run.ended(with: 0), "\(run)")
    return run
  }
}

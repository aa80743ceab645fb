import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  @Suite @Loop struct `dptop on a terminal of 80x24` {
    @Test func `launches, restarts, changes and deletes a deployment, and sees it heal`() async throws {
      try await onStage { stage in
        let window = TerminalWindow(stage)
        do { try await work(in: window, stage) } catch {
          await window.close()
          throw error
        }
        await window.close()
      }
    }

    private func work(in window: TerminalWindow, _ stage: Stage) async throws {
      let path = try stage.quickstart()
      // What the terminal is like afterwards is the shell's to tell.
      try await window.open("\(Tools.path(of: "dptop")) \(path); stty -a")
      try await launches(window)
      try await looksInside(window)
      try await restarts(window)
      try await seesADeathAndTheHealing(window, stage)
      try await appliesAnEdit(window, stage)
      let command = try await quitsAndTellsTheWayBack(window, path)
      try await window.reopen(command)
      try await window.shows("● RUNNING dp 2/2 ing 3/3")
      try await deletesOnceTheNameIsTyped(window, stage)
      try await window.press("q")
      try await window.shows("nothing runs", command)
    }

    private func launches(_ window: TerminalWindow) async throws {
      try await window.shows("● ready: a launches quickstart", "1 group of 2")
      try await window.press("a")
      try await window.shows("● RUNNING dp 2/2 ing 2/2", "UPDATING → HEALTHY")
    }

    /// Every rank tells of its experts, and a request of its latencies.
    private func looksInside(_ window: TerminalWindow) async throws {
      try await window.shows("win 10s")
      try await window.press("W")
      try await window.shows("win 1m")
      try await window.press("4")
      try await window.shows("TTFT over time", "what the first token waits for", "rank queue", " in 1m")
      try await window.press("6")
      try await window.shows("rows by layer and rank", "where the time goes", "dp0", "dp1", "hottest experts")
      try await window.press("l")
      try await window.shows("logs and events of all replicas", "serves on")
      try await window.press("1")
    }

    private func restarts(_ window: TerminalWindow) async throws {
      try await window.press("r")
      try await window.shows("restart dp0", "Its whole group restarts with it", "y yes")
      try await window.press("y")
      try await window.press("7")
      try await isHealthyAgain("a restart was asked for", "2 ranks, epoch 2", window)
      try await window.shows("dp0: HEALTHY after ")
    }

    private func seesADeathAndTheHealing(_ window: TerminalWindow, _ stage: Stage) async throws {
      let ranks = try #require(try await stage.application()).replicas(.rank)
      kill(try #require(ranks.first { $0.id == "dp1" }?.pid.value), SIGKILL)
      try await isHealthyAgain("dp1 ended (signal 9 (SIGKILL))", "dp1 serves again, 2 of 2 ranks", window)
    }

    /// The list of events holds what happened and the new life, and its newest line is the recovery.
    private func isHealthyAgain(_ cause: String, _ life: String, _ window: TerminalWindow) async throws {
      try await window.lines(showing: ["● RUNNING dp 2/2", cause, life]) { lines in
        lines.first { $0.contains("│ ") }?.contains("→ HEALTHY") == true
      }
    }

    private func appliesAnEdit(_ window: TerminalWindow, _ stage: Stage) async throws {
      try stage.quickstart([("min_replicas: 2", "min_replicas: 3"), ("max_replicas: 2", "max_replicas: 3")])
      try await window.press("a")
      try await window.shows("apply to quickstart", "Only what differs is touched", "y yes")
      try await window.press("y")
      try await window.shows(
        "revision 2: HEALTHY after ", "min_replicas: 2 → 3", "● RUNNING dp 2/2 ing 3/3")
    }

    /// Quits; gives the command that the farewell names, as a user would copy it.
    private func quitsAndTellsTheWayBack(_ window: TerminalWindow, _ path: String) async throws -> String {
      try await window.press("q")
      let lines = try await window.lines(showing: ["quickstart goes on running at http://", "icanon"])
      let settings = lines.joined(separator: " ").split(separator: " ")
      for setting in ["icanon", "echo", "onlcr"] {
        #expect(settings.contains { $0 == setting }, "quitting left the terminal without \(setting)")
      }
      let back = try #require(lines.first { $0.contains("look again:  ") })
      let command = back.split(separator: "look again:  ").last.map(String.init) ?? ""
      #expect(command == "\(Tools.path(of: "dptop")) \(path)")
      return command
    }

    private func deletesOnceTheNameIsTyped(_ window: TerminalWindow, _ stage: Stage) async throws {
      try await window.press("D")
      try await window.press("quick", "Enter")
      try await window.shows("Type its name to", "quick ")
      #expect(try await stage.application()?.isHealthy == true)
      try await window.press("start", "Enter")
      try await window.shows("nothing runs; Esc lists what could")
      let population = Population(of: stage.home)
      #expect(population.ranks.isEmpty && population.ingress.isEmpty, "\(population)")
    }
  }
}

import ControlAPI
import Glibc
import Platform
import Testing

extension Drill {
  /// Replicas that do not start.
  static let startDrills = [
    Drill(
      state: "Insufficient resources", means: "`accelerator_memory` holds less than the weights", hint: "H01",
      cleared: "more memory",
      changes: [("ingress:\n", "engine_options: {accelerator_memory: 1MiB}\ningress:\n")], starts: false,
      cure: .manifest([])),
    Drill(
      state: "Network between nodes down at start", means: "`cluster.links: {0-1: down}`", hint: "H02",
      cleared: "the link comes up", changes: [twoNodes("{0-1: down}")], starts: false,
      cure: .manifest([twoNodes("{inter: {latency_us: 1, gbps: 100}}")])),
  ]

  /// Replicas that do not stay, or of which nothing is heard.
  static let lifeDrills = [
    Drill(
      state: "Crash loop", means: "a rank gets SIGKILL whenever it lives again, three times", hint: "H14",
      cleared: "`rollout restart` once it no longer dies",
      act: { scene in
        for life in 1...3 {
          let pid = try await scene.pid(of: "dp1", restarts: life - 1)
          kill(pid, SIGKILL)
        }
      },
      cure: .act { scene in
        let run = try await scene.stage.dpdeploy(
          "rollout", "restart", "quickstart", "--only", "ranks", "--wait", within: .seconds(60))
        try #require(run.ended(with: 0), "\(run)")
      }),
    Drill(
      state: "Dead rank", means: "a rank gets SIGKILL", hint: "H24", cleared: "the rank is started again",
      users: [DrillUsers(count: 8)],
      act: { scene in kill(try await scene.pid(of: "dp1", restarts: 0), SIGKILL) }, cure: .act { _ in }),
    Drill(
      state: "Stopped rank",
      means: "`failure_policy: restart_gang`, a rank gets SIGSTOP while eight users ask",
      hint: "H25",
      cleared: "SIGCONT", changes: [("ingress:\n", "failure_policy: restart_gang\ningress:\n")],
      users: [DrillUsers(count: 8)],
      act: { scene in kill(try await scene.pid(of: "dp1", restarts: 0), SIGSTOP) },
      cure: .act { scene in kill(try await scene.pid(of: "dp1", restarts: 0), SIGCONT) }),
    Drill(
      state: "Stale metrics", means: "an ingress replica gets SIGSTOP", hint: "H15", cleared: "SIGCONT",
      isShort: true,
      act: { scene in kill(try #require(scene.application.pids(.ingress).max()), SIGSTOP) },
      cure: .act { scene in kill(try #require(scene.application.pids(.ingress).max()), SIGCONT) }),
  ]
}

import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// Scripts live on these.
  @Suite @Loop struct `The command line` {
    @Test func `prints one object and ends with 5 where no controller runs, and starts none`() async throws {
      try await onStage { stage in
        let (run, status) = try await stage.look()
        #expect(run.ended(with: 5), "\(run)")
        #expect(status.controller.status == "UNREACHABLE" && status.applications == [])
        #expect(status.controller.message?.contains(stage.home.path) == true)
        for line in ["status", "events", "logs x", "delete x --yes", "ask x", "bench x", "daemon stop"] {
          let other = try await dpdeploy(line, stage)
          #expect(other.ended(with: 5) && other.output == "", "\(other)")
        }
        #expect(access(stage.home.path, F_OK) != 0)
      }
    }

    @Test func `ends with 1 for a name that nobody has`() async throws {
      try await onStage { stage in
        try await stage.dpdeploy("daemon", "start")
        let (run, status) = try await stage.look("nobody")
        #expect(run.ended(with: 1) && status.applications == [], "\(run)")
        #expect(status.controller.status == "RUNNING")
        let lines = ["status", "events", "logs", "delete --yes", "bench", "ask x --application"]
        for line in lines.map({ $0 + " nobody" }) {
          let other = try await dpdeploy(line, stage)
          #expect(other.ended(with: 1) && other.output == "", "\(other)")
          #expect(other.errors.contains("nobody"), "\(other)")
        }
      }
    }

    @Test func `ends with 2 for what it does not understand, or must ask and cannot`() async throws {
      try await onStage { stage in
        try await stage.dpdeploy("daemon", "start")
        for line in ["status --jsno", "aply x.yaml", "daemon dance", "delete nobody"] {
          let run = try await dpdeploy(line, stage)
          #expect(run.ended(with: 2) && run.output == "", "\(run)")
          #expect(run.errors.contains("--help` tells more"), "\(run)")
        }
      }
    }

    @Test func `tells a start, a second start and a stop of the controller`() async throws {
      try await onStage { stage in
        let first = try await stage.dpdeploy("daemon", "start")
        #expect(first.ended(with: 0) && first.output.contains("is started"), "\(first)")
        let second = try await stage.dpdeploy("daemon", "start")
        #expect(second.ended(with: 0) && second.output.contains("runs already"), "\(second)")
        let controllers = Population(of: stage.home).all
        #expect(controllers.count == 1)
        let stop = try await stage.dpdeploy("daemon", "stop")
        #expect(stop.ended(with: 0), "\(stop)")
        try await stage.untilEnded(controllers)
        #expect(access(stage.home.controllerSocket, F_OK) != 0)
      }
    }

    private func dpdeploy(_ line: String, _ stage: Stage) async throws -> Run {
      try await stage.run(Tools.path(of: "dpdeploy"), line.split(separator: " ").map(String.init))
    }
  }
}

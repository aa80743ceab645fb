import ControlAPI
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// Clients need not know that something died, unless half of their answer is with them already.
  @Suite @Loop struct `A death under load` {
    @Test func `of a rank fails no answer that has not begun`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let load = SteadyLoad(users: 4, of: try Questioner(before))
        try await load.more(8)
        try killRank(of: before)
        let after = try await stage.untilHealthy(after: before.epochs)
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(after.pids(.ingress) == before.pids(.ingress))
      }
    }

    @Test func `of a rank leaves no trace in a stream that has begun`() async throws {
      try await onStage { stage in
        let application = try await stage.deploy(try stage.quickstart())
        let endpoint = try Questioner(application).endpoint
        let undisturbed = try await streamedText(from: beginStream(endpoint)) {}
        let disturbed = try await streamedText(from: beginStream(endpoint)) { try killRank(of: application) }
        #expect(disturbed == undisturbed && disturbed.count > 200)
        let after = try await stage.untilHealthy(after: application.epochs)
        #expect(after.pids(.rank).intersection(application.pids(.rank)).count == 1)
      }
    }

    @Test func `of an ingress replica refuses nobody and is made good`() async throws {
      try await onStage { stage in
        let before = try await stage.deploy(try stage.quickstart())
        let victim = try #require(before.pids(.ingress).min())
        kill(victim, SIGKILL)
        let load = SteadyLoad(users: 4, of: try Questioner(before))
        let after = try await wait(for: "another ingress replica") {
          let now = try #require(try await stage.application())
          return now.isHealthy && !now.pids(.ingress).contains(victim) ? now : nil
        }
        try await load.more(8)
        await load.stop()
        #expect(load.failures == [])
        #expect(after.pids(.ingress).intersection(before.pids(.ingress)).count == 1)
        #expect(after.pids(.rank) == before.pids(.rank))
      }
    }

    private func killRank(of application: ApplicationStatus) throws {
      kill(try #require(application.pids(.rank).max()), SIGKILL)
    }
  }
}

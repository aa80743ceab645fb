import FoundationEssentials
import Glibc
import Platform
import Testing

extension `Whole deployments` {
  /// The script of docs/ci.md, as readers will run it.
  @Suite @Loop struct `The pipeline of the documentation` {
    @Test func `validates, plans, applies, checks, asks and deletes`() async throws {
      try await onStage { stage in
        let run = try await pipeline(stage, try stage.quickstart())
        #expect(run.ended(with: 0), "\(run)")
        let expected = [
          "quickstart.yaml: valid", "quickstart is new", "quickstart is HEALTHY after", "quickstart deleted",
        ]
        for words in expected { #expect(run.output.contains(words), "\(words): \(run)") }
      }
    }

    @Test func `ends at a wrong manifest with code 3, and marks the line on GitHub`() async throws {
      try await onStage { stage in
        let path = try stage.quickstart([("max_replicas: 2", "max_replicas: 1")])
        let run = try await pipeline(stage, path, environment: "GITHUB_ACTIONS=true")
        #expect(run.ended(with: 3), "\(run)")
        #expect(run.errors.contains("::error file=\(path),line="), "\(run)")
        #expect(
          run.errors.contains("title=bad-value::`min_replicas` is 2, more than `max_replicas`"), "\(run)")
        #expect(!run.output.contains("quickstart is new"))
      }
    }

    /// Runs the first shell script of the page on a manifest.
    private func pipeline(_ stage: Stage, _ manifest: String, environment: String...) async throws -> Run {
      let page = try text(ofFile: Tools.root + "/docs/ci.md")
      let blocks = page.split(separator: "```", omittingEmptySubsequences: false)
      let script = try #require(blocks.first { $0.hasPrefix("sh\n#!/bin/sh\n") }).dropFirst(3)
      let path = stage.folder + "/ci.sh"
      try Data(script.utf8).write(to: URL(filePath: path))
      let searched = "PATH=\(Executable.directory ?? "."):\(Environment["PATH"] ?? "/usr/bin:/bin")"
      return try await stage.run(
        "/usr/bin/env", environment + [searched, "/bin/sh", path, manifest, "quickstart"],
        within: .seconds(90))
    }
  }
}

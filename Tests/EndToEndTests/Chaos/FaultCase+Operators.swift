import Glibc
import Platform
import Testing

// What operators do at awkward moments.
extension FaultCase {
  static let operators: [FaultCase] = [
    FaultCase(name: "a bad manifest is applied during a rollout", isShort: true, wish: scripted("pace:40")) {
      arena in
      arena.wish.sequences = 16
      try await #require(arena.apply())
      let run = try await arena.submit(arena.manifest + "\nnonsense: 1\n")
      #expect(run.ended(with: 3) && run.errors.contains("nonsense"), "\(run)")
    },
    FaultCase(name: "two operators change the same revision at the same time", isShort: true) { arena in
      var wishes = [arena.wish, arena.wish]
      (wishes[0].sequences, wishes[1].sequences) = (16, 32)
      let texts = wishes.map { wish in
        arena.wish = wish
        return arena.manifest
      }
      let expectation = ["--expect-revision", "1"]
      async let first = arena.submit(texts[0], expectation, as: "a")
      async let second = arena.submit(texts[1], expectation, as: "b")
      let runs = [try await first, try await second]
      let winners = runs.indices.filter { runs[$0].ended(with: 0) }
      #expect(winners.count == 1 && runs.contains { $0.ended(with: 9) }, "\(runs)")
      arena.wish = wishes[try #require(winners.first)]
    },
    FaultCase(name: "the port of a new revision is somebody else's by the time of its start", isShort: true) {
      arena in
      let good = arena.wish
      let held = try Listener.open(.tcp(host: "127.0.0.1", port: 0))
      let port = Listener.port(of: held)
      arena.wish.port = Int(try #require(port))
      let run = try await arena.submit(arena.manifest)
      #expect(run.ended(with: 1) && run.errors.contains("process \(getpid())"), "\(run)")
      arena.wish = good
      _ = held.raw
    },
  ]
}

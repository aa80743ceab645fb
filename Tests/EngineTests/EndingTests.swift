import ExpertParallel
import Glibc
import Platform
import Testing

@Suite @Loop struct `A rank that waits for its peers` {
  /// Whoever ends a group that is starting must not have to wait, or to kill.
  @Test(arguments: [0, 1]) func `ends as soon as it is asked to`(_ number: Int) async throws {
    let folder = Fixtures.temporaryFolder()
    defer { Fixtures.remove(folder) }
    let segment = try GroupControl.makeSegment()
    let rank = try EngineRank(
      socket: folder + "/r.sock",
      arguments: [
        "--model", Fixtures.toy, "--data-parallel-size", "2", "--data-parallel-rank", "\(number)",
        "--group-fd", "7", "--stats-page", folder + "/r.stats",
      ], segment: segment.descriptor.raw)
    // The page is made before the wait begins.
    let deadline = Instant.after(.seconds(20))
    while access(folder + "/r.stats", F_OK) != 0, Instant.now < deadline {
      await Loop.sleep(for: .milliseconds(5))
    }
    rank.process.send(SIGTERM)
    #expect(await rank.end() == .signalled(SIGTERM), "\(rank.log)")
    rank.process.send(SIGKILL)
  }
}

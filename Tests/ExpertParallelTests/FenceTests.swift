import Glibc
import Platform
import Testing

@testable import ExpertParallel

@Suite struct `The fence` {
  private let patience = Duration.milliseconds(100)

  /// What the fence says after each look at a rank, in order.
  private func answers(_ looks: [(rank: Int, record: ProcessRecord?, milliseconds: Int)]) -> [Bool] {
    var fence = Fence()
    return looks.map { fence.isStuck($0.rank, $0.record, patience: patience, at: later($0.milliseconds)) }
  }

  private func later(_ milliseconds: Int) -> Instant {
    Instant(nanoseconds: 1_000_000_000) + .milliseconds(milliseconds)
  }

  @Test func `ends nobody before its patience is over, and who does not move then`() throws {
    let asleep = try #require(ProcessRecord(pid: getpid()))
    #expect(answers([(1, asleep, 0), (1, asleep, 99), (1, asleep, 100)]) == [false, false, true])
  }

  @Test func `begins anew with another rank, and knows nothing of who has ended`() throws {
    let record = try #require(ProcessRecord(pid: getpid()))
    #expect(answers([(1, record, 0), (2, record, 500), (2, nil, 900)]) == [false, false, false])
  }

  @Test func `waits for one that uses processor time`() throws {
    let before = try #require(ProcessRecord(pid: getpid()))
    let busy = try spin(until: before.cpuNanoseconds + 60_000_000)
    #expect(answers([(1, before, 0), (1, busy, 200), (1, busy, 400)]) == [false, false, true])
  }

  private func spin(until cpuNanoseconds: UInt64) throws -> ProcessRecord {
    let deadline = Instant.after(.seconds(10))
    while Instant.now < deadline {
      let record = try #require(ProcessRecord(pid: getpid()))
      if record.cpuNanoseconds > cpuNanoseconds { return record }
    }
    throw SystemError(call: "spin", code: ETIMEDOUT)
  }
}

import Glibc
import Platform
import Testing

@testable import ExpertParallel

@Suite struct `The fence` {
  private let patience = Duration.milliseconds(100)

  /// What the fence says in the end of looks at ranks, each for a while and often enough.
  private func answer(_ looks: [(rank: Int, record: ProcessRecord?, from: Int, to: Int)]) -> Bool {
    var fence = Fence()
    var answer = false
    for look in looks {
      for time in stride(from: look.from, through: look.to, by: 5) {
        answer = fence.isStuck(look.rank, look.record, patience: patience, at: later(time))
      }
    }
    return answer
  }

  private func later(_ milliseconds: Int) -> Instant {
    Instant(nanoseconds: 1_000_000_000) + .milliseconds(milliseconds)
  }

  @Test func `ends nobody before its patience is over, and who does not move then`() throws {
    let asleep = try #require(ProcessRecord(pid: getpid()))
    #expect(!answer([(1, asleep, 0, 95)]))
    #expect(answer([(1, asleep, 0, 100)]))
  }

  @Test func `begins anew with another rank, and knows nothing of who has ended`() throws {
    let record = try #require(ProcessRecord(pid: getpid()))
    #expect(!answer([(1, record, 0, 95), (2, record, 100, 195)]))
    #expect(!answer([(1, nil, 0, 500)]))
  }

  @Test func `waits for one that uses processor time`() throws {
    let before = try #require(ProcessRecord(pid: getpid()))
    let busy = try spin(until: before.cpuNanoseconds + 60_000_000)
    #expect(!answer([(1, before, 0, 95), (1, busy, 100, 195)]))
    #expect(answer([(1, before, 0, 95), (1, busy, 100, 250)]))
  }

  @Test func `does not hold time against a rank in which nobody looked`() throws {
    let record = try #require(ProcessRecord(pid: getpid()))
    #expect(!answer([(1, record, 0, 20), (1, record, 5000, 5020)]))
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

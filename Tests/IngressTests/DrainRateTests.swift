import Platform
import Testing

@testable import Ingress

@Suite struct `The drain rate` {
  private func second(_ seconds: Double) -> Instant { Instant(nanoseconds: UInt64((1000 + seconds) * 1e9)) }

  @Test func `says how long a queue takes at the rate of the last seconds`() {
    var rate = DrainRate()
    for index in 0..<100 { rate.note(at: second(Double(index) * 0.1)) }
    // 100 ends in 10 s, so 50 requests need 5 s.
    #expect((5...6).contains(rate.seconds(for: 50, at: second(9.9))))
  }

  @Test func `says a minute when nothing ends, and a second when nobody waits`() {
    var rate = DrainRate()
    #expect(rate.seconds(for: 3, at: second(0)) == 60)
    #expect(rate.seconds(for: 0, at: second(0)) == 1)
    rate.note(at: second(0))
    #expect(rate.seconds(for: 1000, at: second(1)) == 60)
  }

  @Test func `forgets what ended long ago`() {
    var rate = DrainRate()
    for _ in 0..<100 { rate.note(at: second(0)) }
    #expect(rate.seconds(for: 10, at: second(1)) == 1)
    #expect(rate.seconds(for: 10, at: second(20)) == 60)
  }
}

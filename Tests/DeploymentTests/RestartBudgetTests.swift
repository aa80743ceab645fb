import Testing

@testable import Deployment

@Suite struct `Restart budget` {
  @Test func `the first restart is immediate and later ones wait longer and longer`() {
    var budget = RestartBudget()
    var delays: [Double] = []
    for _ in 0..<RestartBudget.limit {
      guard case .restart(let delay) = budget.decide(at: .zero, uptime: .zero) else { break }
      delays.append(delay / .seconds(1))
    }
    #expect(delays.count == 5)
    #expect(delays[0] == 0)
    for (delay, plain) in zip(delays.dropFirst(), [0.5, 1, 2, 4]) {
      #expect(delay >= plain * 0.75 && delay <= plain * 1.25)
    }
  }

  @Test func `the sixth restart in ten minutes is refused, and allowed when the first has aged`() {
    var budget = RestartBudget()
    for second in 0..<5 { _ = budget.decide(at: .seconds(second), uptime: .zero) }
    #expect(budget.decide(at: .seconds(599), uptime: .zero) == .exhausted)
    #expect(budget.decide(at: .seconds(601), uptime: .zero) != .exhausted)
  }

  @Test func `a stable run ends the streak`() {
    var budget = RestartBudget()
    _ = budget.decide(at: .zero, uptime: .zero)
    _ = budget.decide(at: .zero, uptime: .zero)
    #expect(budget.decide(at: .seconds(200), uptime: .seconds(120)) == .restart(after: .zero))
  }

  @Test func `delays never pass a minute and a quarter`() {
    var budget = RestartBudget(seed: 7)
    for hour in 0..<40 {
      if case .restart(let delay) = budget.decide(at: .seconds(hour * 3600), uptime: .zero) {
        #expect(delay <= .seconds(75))
      }
    }
  }
}

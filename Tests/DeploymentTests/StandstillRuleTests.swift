import Testing

@testable import Deployment

@Suite struct `What stands still` {
  @Test func `is told from what is idle, and from what begins`() {
    var rule = StandstillRule(limit: .seconds(30), grace: .seconds(120))
    var found: [Duration] = []
    func look(_ hasWork: Bool, _ count: Int, until end: Int) {
      for second in now..<end {
        if let time = rule.look(hasWork: hasWork, count: count, at: .seconds(second)) { found.append(time) }
      }
      now = end
    }
    var now = 0
    look(true, 0, until: 60)
    look(true, 1, until: 70)
    look(false, 1, until: 600)
    look(true, 1, until: 629)
    #expect(found == [])
    look(true, 1, until: 631)
    #expect(found == [.seconds(30)])
    look(true, 1, until: 659)
    #expect(found.count == 1, "it counts anew")
  }

  @Test func `is not concluded by who stood still itself`() {
    var rule = StandstillRule(limit: .seconds(30))
    #expect(rule.look(hasWork: true, count: 7, at: .zero) == nil)
    #expect(rule.look(hasWork: true, count: 7, at: .seconds(60)) == nil)
    #expect(rule.look(hasWork: true, count: 7, at: .seconds(61)) == nil)
  }
}

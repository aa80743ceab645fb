import Testing

@testable import Ray

@Suite struct `Numbers of groups` {
  private var numbers = GroupNumbers()

  @Test mutating func `stay with those who live, and pass from the dead to who takes their place`() {
    #expect(numbers.note(["a", "b"], isCalm: false).isEmpty && numbers.numbers == ["a": 0, "b": 1])
    #expect(numbers.note(["b", "c"], isCalm: true) == [0])
    #expect(numbers.numbers == ["c": 0, "b": 1] && numbers.restarts == [0: 1])
    #expect(numbers.note(["c"], isCalm: true) == [1] && numbers.note(["c"], isCalm: true).isEmpty)
    #expect(numbers.note(["d", "c"], isCalm: true).isEmpty)
    #expect(numbers.numbers == ["c": 0, "d": 1] && numbers.restarts == [0: 1, 1: 1])
    #expect(numbers.note(["c", "d", "e"], isCalm: true).isEmpty && numbers.numbers["e"] == 2)
    #expect(numbers.restarts == [0: 1, 1: 1], "one more is no restart")
  }

  @Test mutating func `go to who was started while the former one still ended`() {
    _ = numbers.note(["a"], isCalm: true)
    _ = numbers.note(["a", "b"], isCalm: true)
    #expect(numbers.note(["b"], isCalm: true) == [0] && numbers.numbers == ["b": 0])
    #expect(numbers.restarts == [0: 1])
  }

  @Test mutating func `tell of no death where somebody changed something`() {
    _ = numbers.note(["a", "b"], isCalm: true)
    _ = numbers.note(["a"], isCalm: true)
    #expect(numbers.note(["x", "y"], isCalm: false).isEmpty && numbers.numbers == ["x": 0, "y": 1])
    #expect(numbers.restarts.isEmpty)
  }
}

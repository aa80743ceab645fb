import FoundationEssentials
import JSON
import Testing

@Suite struct `A printed value` {
  /// Every form that values of ours take.
  struct Sample: Codable, Equatable {
    enum Phase: String, Codable { case waiting }
    enum Payload: Codable, Equatable {
      case nothing
      case pair(Int, name: String)
      case list([Double?])
    }

    var whole = -42
    var small: UInt8 = 255
    var large = UInt64.max
    var numbers = [0, -0.0, 1, 1.5, 1e-7, 1e21, 123_456_789.25, 9_007_199_254_740_992, .pi]
    var single: [Float] = [0, 1, 0.1, 3e10, 16_777_216]
    var flags = [true, false]
    var text = "a \"b\" \\ / \n \t \u{1} \u{7f} ä 你 🙂"
    var known: Int? = 7
    var unknown: Int?
    var holes: [String?] = [nil, "x"]
    var nested = [["a": [1, 2]], [:]]
    var byNumber = [3: "c", 1: "a", 20: "b"]
    var byPhase = [Phase.waiting: 1]
    var payloads = [Payload.nothing, .pair(1, name: "n"), .list([1, nil, 2.5]), .list([])]
    var empty: [Int] = []
    var zebra = Phase.waiting
  }

  private func reference(_ value: some Encodable, isPretty: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      isPretty
      ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func printed(_ value: some Encodable, isPretty: Bool = false) throws -> String {
    String(decoding: try JSONPrinter.print(value, isPretty: isPretty), as: UTF8.self)
  }

  @Test(arguments: [false, true]) func `is, byte for byte, what Foundation writes`(isPretty: Bool) throws {
    #expect(try printed(Sample(), isPretty: isPretty) == reference(Sample(), isPretty: isPretty))
    #expect(try printed([Sample](), isPretty: isPretty) == reference([Sample](), isPretty: isPretty))
    #expect(
      try printed([[String: Int]()], isPretty: isPretty) == reference([[String: Int]()], isPretty: isPretty))
    #expect(try printed("{[,:\\\"", isPretty: isPretty) == reference("{[,:\\\"", isPretty: isPretty))
  }

  @Test func `comes back as it was`() throws {
    #expect(try JSONReader.decode(Sample.self, from: JSONPrinter.print(Sample())) == Sample())
  }

  @Test func `says null for what is no number`() throws {
    #expect(try printed([Double.nan, .infinity, 1]) == "[null,null,1]")
  }

  /// Its name may be written twice, and its parts in any order.
  private struct Unruly: Encodable {
    enum Key: String, CodingKey { case a, b, c }

    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: Key.self)
      var list = object.nestedUnkeyedContainer(forKey: .c)
      try list.encode(1)
      try object.encode(2, forKey: .b)
      var inner = list.nestedContainer(keyedBy: Key.self)
      try object.encode(3, forKey: .a)
      try inner.encode("x", forKey: .b)
      try list.encode(4)
      try object.encode(5, forKey: .b)
      try inner.encode("y", forKey: .a)
    }
  }

  @Test func `has its parts where they belong, in whatever order they were written`() throws {
    #expect(try printed(Unruly()) == #"{"a":3,"b":5,"c":[1,{"a":"y","b":"x"},4]}"#)
  }
}

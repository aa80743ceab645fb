import FoundationEssentials
import JSON
import Testing

private struct Everything: Codable, Equatable {
  var whole: Int
  var small: Int32
  var real: Double
  var text: String
  var isTrue: Bool
  var absent: Int?
  var null: Int?
  var list: [Double]
  var nested: [[String: Int]]
}

@Suite struct `Reading JSON into types` {
  private func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONReader.decode(type, from: Array(text.utf8))
  }

  @Test func `gives what Foundation's decoder gives`() throws {
    let text = #"""
      {"null": null, "nested": [{"a": 1, "\u0062": 2}, {}], "whole": -17, "small": 2147483647,
       "real": 38217.391304347824, "text": "é \"q\" \u00e9\n\ud83d\ude00", "isTrue": true,
       "list": [0, -0.5, 1e3, 5e-324, 0.1, 123456789012345678, 1.7976931348623157e308], "unknown": {"x": [1, {"y": []}]}}
      """#
    let expected = try JSONDecoder().decode(Everything.self, from: Data(text.utf8))
    #expect(try read(Everything.self, text) == expected)
  }

  @Test func `finds keys in any order, and the same one twice`() throws {
    struct Pair: Decodable {
      var a: Int
      var b: Int
      init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Keys.self)
        b = try members.decode(Int.self, forKey: .b)
        a = try members.decode(Int.self, forKey: .a) + members.decode(Int.self, forKey: .a)
      }
      enum Keys: String, CodingKey { case a, b }
    }
    let pair = try read(Pair.self, #"{"a":1,"c":3,"b":2}"#)
    #expect(pair.a == 2 && pair.b == 2)
  }

  @Test(
    arguments: [
      "", " ", "{", "[1,]", "[1 2]", #"{"a" 1}"#, #"{"a":1,}"#, "{1:2}", "01", "1.", ".5", "-", "1e", "tru",
      "\"", "\"\\", "\"a\nb\"", "[1]x", "nul", "+1", "[\"\\", "{\"a\":\"b\\",
    ])
  func `refuses what is no JSON`(text: String) {
    #expect(throws: JSONError.self) { try read([Int].self, text) }
  }

  @Test(arguments: ["[1.5]", "[\"1\"]", "[null]", "[99999999999999999999]", "{}", "7", "[true]"])
  func `refuses what is not of the type, and says where`(text: String) {
    #expect { try read([Int].self, text) } throws: { "\($0)".contains("1:") }
  }

  @Test func `refuses what is nested too deeply`() {
    #expect(throws: JSONError.self) {
      try read([Int].self, String(repeating: "[", count: 100_000))
    }
  }

  @Test func `says which key is missing`() {
    #expect { try read(Everything.self, #"{"whole":1}"#) } throws: { "\($0)".contains("small") }
  }

  @Test func `survives any cut of a text`() throws {
    let text = Array(#"{"whole":-1,"text":"\u00e9","list":[1.5e3,null,true],"nested":[{"a":1}]}"#.utf8)
    for end in 0..<text.count {
      #expect(throws: (any Error).self) { try JSONReader.decode(Everything.self, from: Array(text[..<end])) }
    }
  }
}

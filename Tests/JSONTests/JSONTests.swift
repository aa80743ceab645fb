import JSON
import Testing

@Suite struct `A JSON text` {
  @Test func `keeps types, order and escapes`() throws {
    let value = try JSONValue(
      parsing:
        #" {"b": [1, -2.5e1, true, null], "a": "x\u00e9\ud83d\ude00\n\/", "b": {}, "big": 18446744073709551616} "#
    )
    #expect(value.members?.map(\.name) == ["b", "a", "b", "big"])
    #expect(value.members?[0].value == .array([.integer(1), .number(-25), .bool(true), .null]))
    #expect(value["a"]?.string == "xé😀\n/")
    #expect(value["b"] == .object([]))
    #expect(value["big"]?.double == 18446744073709551616.0)
    #expect(value["none"] == nil)
  }

  @Test(arguments: [
    ("", "1:1: the text ends where a value should be"),
    ("{bad", "1:2: expected a member's name in double quotes"),
    ("[1,\n 2,]", "2:4: expected a value"), ("[1 2]", "1:4: expected ',' or ']'"),
    (#"{"a" 1}"#, "1:6: expected ':'"), ("01", "1:1: a leading zero"), ("1.", "1:3: expected a digit"),
    (#""\ud800""#, "1:2: half of a surrogate pair"), (#""\q""#, "1:2: an unknown escape"),
    ("\"a\nb\"", "1:3: a control character in a string"), ("\"ab", "1:1: a string without its closing quote"),
    ("1 1", "1:3: text after the value"), ("1e999", "1:1: a number too large"),
    ("nul", "1:1: expected a value"),
  ])
  func `says where it is wrong`(text: String, message: String) {
    #expect { try JSONValue(parsing: text) } throws: { "\($0)" == message }
  }

  @Test func `may not nest without end`() {
    let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
    #expect { try JSONValue(parsing: deep) } throws: { ($0 as? JSONError)?.reason == "nested too deeply" }
  }

  @Test func `of broken bytes is refused, never trapped on`() {
    var random = SystemRandomNumberGenerator()
    let seed = random.next() as UInt64
    var state = seed
    let sample = Array(#"{"a":[1,2.5e-3,"x\u00e9\n",{"b":null}],"c":true}"#.utf8)
    for _ in 0..<5000 {
      var bytes = sample
      for _ in 0..<3 {
        state = state &* 6364136223846793005 &+ 1442695040888963407
        bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
      }
      do throws(JSONError) {
        _ = try JSONValue(parsing: bytes)
      } catch {
        #expect(error.line >= 1 && error.column >= 1 && error.column <= bytes.count + 1, "seed \(seed)")
      }
    }
  }
}

@Suite struct `The text of a JSON string` {
  @Test func `escapes what JSON does not allow`() {
    #expect(JSONValue.string("a\"b\\c\nd\u{1}é").text == #""a\"b\\c\u000ad\u0001é""#)
  }
}

extension [UInt8] {
  /// Appends `text` as a JSON string, with its quotes, escaping only what RFC 8259 says must be.
  public mutating func append(jsonString text: String) {
    append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      var start = 0
      for index in utf8.indices where utf8[index] < 0x20 || utf8[index] == 0x22 || utf8[index] == 0x5C {
        append(contentsOf: utf8[start..<index])
        append(jsonEscapeOf: utf8[index])
        start = index + 1
      }
      append(contentsOf: utf8[start...])
    }
    append(UInt8(ascii: "\""))
  }

  private mutating func append(jsonEscapeOf byte: UInt8) {
    switch byte {
    case 0x22: append(contentsOf: #"\""#.utf8)
    case 0x5C: append(contentsOf: #"\\"#.utf8)
    case 0x0A: append(contentsOf: #"\n"#.utf8)
    case 0x0D: append(contentsOf: #"\r"#.utf8)
    case 0x09: append(contentsOf: #"\t"#.utf8)
    case 0x08: append(contentsOf: #"\b"#.utf8)
    case 0x0C: append(contentsOf: #"\f"#.utf8)
    default:
      append(contentsOf: #"\u00"#.utf8)
      for digit in [byte >> 4, byte & 15] { append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }
  }
}
